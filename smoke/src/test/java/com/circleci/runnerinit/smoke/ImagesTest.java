package com.circleci.runnerinit.smoke;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The images of {@code ./do images}, which {@code ./do smoke-tests} has just run. */
class ImagesTest {
  private static final Path CHECKOUT = Command.checkout();

  @TempDir Path folder;

  @Test
  void shouldHoldTheTwoExecutablesAndNothingElse() throws IOException {
    var image = new Layout(CHECKOUT.resolve("target/images/test-agent"));
    var executables = CHECKOUT.resolve("target/bin/linux/amd64");

    assertThat(image.files())
        .satisfiesExactlyInAnyOrder(
            entry -> assertEntry(entry, "orchestrator", executables.resolve("orchestrator")),
            entry -> assertEntry(entry, "circleci-agent", executables.resolve("fake-task-agent")));
  }

  @Test
  void shouldSayWhatItIsAndWhereItComesFrom() throws IOException {
    var image = new Layout(CHECKOUT.resolve("target/images/test-agent"));

    var config = image.config();
    assertThat(image.manifests()).hasSize(1);
    assertThat(config.has("history")).isFalse();
    assertThat(config.getAsJsonPrimitive("architecture").getAsString()).isEqualTo("amd64");
    var run = config.getAsJsonObject("config");
    assertThat(run.getAsJsonArray("Entrypoint")).hasToString("[\"/orchestrator\",\"init\"]");
    assertThat(run.has("User")).isFalse();
    assertThat(run.getAsJsonObject("Labels").keySet())
        .containsExactlyInAnyOrder(
            "org.opencontainers.image.title",
            "org.opencontainers.image.description",
            "org.opencontainers.image.source",
            "org.opencontainers.image.revision",
            "org.opencontainers.image.version",
            "org.opencontainers.image.licenses");
    assertThat(run.getAsJsonObject("Labels").get("org.opencontainers.image.revision").getAsString())
        .isEqualTo(Command.succeed("git", "rev-parse", "HEAD"));
  }

  /** The other folder's files are of now, and of another mode; the other tool is buildah. */
  @Test
  void shouldHaveTheSameDigestInAnotherFolderAtAnotherTimeByAnotherTool() throws IOException {
    var other = anotherFolder();

    images(other, Map.of("IMAGE_BUILDER", "buildah"), "images", "test-agent");

    assertThat(new Layout(other.resolve("target/images/test-agent")).digest())
        .isEqualTo(new Layout(CHECKOUT.resolve("target/images/test-agent")).digest());
  }

  /** By the Dockerfile of the real image, over an image that stands for that of the task agent. */
  @Test
  void shouldBuildAnImageForEachPinnedVersionOfServer() throws IOException {
    var other = anotherFolder();
    var taskAgent = Files.createDirectory(folder.resolve("task-agent"));
    Files.writeString(taskAgent.resolve("circleci-agent"), "the task agent of server 4.7");
    Files.writeString(
        taskAgent.resolve("Dockerfile"),
        "FROM scratch\nCOPY circleci-agent /opt/circleci/linux/amd64/circleci-agent\n");
    Podman.podman("build", "--quiet", "--tag", "localhost/picard:1.0.1-abcdef", "" + taskAgent);
    Files.writeString(other.resolve("docker/server-versions"), "4.7 1.0.1-abcdef\n4.8 unpinned\n");

    var said =
        images(
            other,
            Map.of("IMAGE_BUILDER", "podman", "TASK_AGENT_IMAGE", "localhost/picard"),
            "images-for-server");

    assertThat(said)
        .contains("localhost/runner-init:agent-server-4.7: sha256:")
        .contains("server 4.8: no image");
    assertThat(new Layout(other.resolve("target/images/agent-server-4.7")).files())
        .satisfiesExactlyInAnyOrder(
            entry -> assertThat(entry).startsWith("-rwxr-xr-x 0/0").endsWith(" orchestrator"),
            entry -> assertEntry(entry, "circleci-agent", taskAgent.resolve("circleci-agent")));
    assertThat(Podman.podman("image", "exists", "localhost/picard:1.0.1-abcdef")).isEmpty();
  }

  @Test
  void shouldPinEachVersionOfServerOrSayThatItIsNot() throws IOException {
    var versions =
        Files.readAllLines(CHECKOUT.resolve("docker/server-versions")).stream()
            .filter(line -> !line.startsWith("#"))
            .toList();

    assertThat(versions)
        .isNotEmpty()
        .isSorted()
        .allSatisfy(
            line -> assertThat(line).matches("4\\.\\d+ (unpinned|\\d+\\.\\d+\\.\\d+-[0-9a-f]+)"));
    assertThat(versions.stream().map(line -> line.split(" ", 2)[0])).doesNotHaveDuplicates();
  }

  @Test
  void shouldRefuseToPublishToNowhere() throws IOException {
    var done =
        Command.run(
            anotherFolder(),
            Map.of("SKIP_BUILD", "true", "SKIP_PUSH", "false"),
            List.of("./do", "images", "test-agent"));

    assertThat(done.status()).isEqualTo(1);
    assertThat(done.output()).contains("IMAGE_REPOSITORY says where to");
  }

  private static String images(Path checkout, Map<String, String> environment, String... verb) {
    var settings = new HashMap<>(environment);
    settings.put("SKIP_BUILD", "true");
    var words = new ArrayList<>(List.of("./do"));
    words.addAll(List.of(verb));
    var done = Command.run(checkout, settings, words);
    assertThat(done.status()).as(done.output()).isZero();
    return done.output();
  }

  /** A clone with the same executables, its scripts as they are in the working tree. */
  private Path anotherFolder() throws IOException {
    var other = folder.resolve("elsewhere");
    Command.succeed("git", "clone", "--quiet", CHECKOUT.toString(), other.toString());
    for (var file : List.of("do", "scripts", "docker")) {
      Command.succeed("cp", "-r", CHECKOUT.resolve(file).toString(), other + "/");
    }
    Files.createDirectories(other.resolve("target"));
    Command.succeed("cp", "-r", CHECKOUT.resolve("target/bin").toString(), other + "/target/");
    Command.succeed("chmod", "-R", "u+rwx,go=", other.resolve("target/bin").toString());
    return other;
  }

  private static void assertEntry(String entry, String name, Path same) {
    assertThat(entry).startsWith("-rwxr-xr-x 0/0").endsWith(" " + name);
    assertThat(entry).contains(" " + same.toFile().length() + " ");
  }
}
