package com.circleci.runnerinit.smoke;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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

  /** SBOM and provenance are the same, too. */
  @Test
  void shouldHaveTheSameDigestInAnotherFolderAtAnotherTimeByAnotherTool() throws IOException {
    var other = OtherCheckout.in(folder);

    other.succeed(Map.of("IMAGE_BUILDER", "buildah"), "images", "test-agent");

    assertThat(new Layout(other.resolve("target/images/test-agent")).digest())
        .isEqualTo(new Layout(CHECKOUT.resolve("target/images/test-agent")).digest());
    for (var file : List.of("test-agent.cdx.json", "test-agent.provenance.json")) {
      assertThat(other.resolve("target/images").resolve(file))
          .hasSameTextualContentAs(CHECKOUT.resolve("target/images").resolve(file));
    }
  }

  @Test
  void shouldTellWhatIsInTheImageAndWhatItWasMadeFrom() throws IOException {
    var sbom = Files.readString(CHECKOUT.resolve("target/images/test-agent.cdx.json"));
    var provenance = Files.readString(CHECKOUT.resolve("target/images/test-agent.provenance.json"));

    var names = JsonParser.parseString(sbom).getAsJsonObject().getAsJsonArray("components");
    assertThat(names.asList())
        .extracting(component -> component.getAsJsonObject().get("name").getAsString())
        .contains("gson", "httpcore5", "commons-cli", "OpenJDK class library", "musl", "zlib")
        .contains("Mozilla root certificates (certifi)", "circleci-agent linux/amd64");
    var executables = CHECKOUT.resolve("target/bin/linux/amd64");
    assertThat(sbom)
        .contains(sha256(executables.resolve("orchestrator")))
        .contains(sha256(executables.resolve("fake-task-agent")));
    assertThat(provenance)
        .contains(Command.succeed("git", "rev-parse", "HEAD"))
        .contains(sha256(CHECKOUT.resolve("orchestrator/target/orchestrator.jar")))
        .contains("--static");
  }

  @Test
  void shouldRefuseARecordOfAnotherExecutable() throws IOException {
    var other = OtherCheckout.in(folder);
    Files.writeString(
        other.resolve("target/bin/linux/amd64/orchestrator"), "!", StandardOpenOption.APPEND);

    var done = other.run(Map.of("IMAGE_BUILDER", "buildah"), "images", "test-agent");

    assertThat(done.status()).isEqualTo(1);
    assertThat(done.output()).contains("inputs.json is of another executable");
  }

  /** By the Dockerfile of the real image, over an image that stands for that of the task agent. */
  @Test
  void shouldBuildAnImageForEachPinnedVersionOfServer() throws IOException {
    var other = OtherCheckout.in(folder);
    var taskAgent = Files.createDirectory(folder.resolve("task-agent"));
    Files.writeString(taskAgent.resolve("circleci-agent"), "the task agent of server 4.7");
    Files.writeString(
        taskAgent.resolve("Dockerfile"),
        "FROM scratch\nCOPY circleci-agent /opt/circleci/linux/amd64/circleci-agent\n");
    Podman.podman("build", "--quiet", "--tag", "localhost/picard:1.0.1-abcdef", "" + taskAgent);
    Files.writeString(other.resolve("docker/server-versions"), "4.7 1.0.1-abcdef\n4.8 unpinned\n");

    var said =
        other.succeed(
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
    var done = OtherCheckout.in(folder).run(Map.of("SKIP_PUSH", "false"), "images", "test-agent");

    assertThat(done.status()).isEqualTo(1);
    assertThat(done.output()).contains("IMAGE_REPOSITORY says where to");
  }

  private static String sha256(Path file) {
    return Command.succeed("sha256sum", file.toString()).split(" ", 2)[0];
  }

  private static void assertEntry(String entry, String name, Path same) {
    assertThat(entry).startsWith("-rwxr-xr-x 0/0").endsWith(" " + name);
    assertThat(entry).contains(" " + same.toFile().length() + " ");
  }
}
