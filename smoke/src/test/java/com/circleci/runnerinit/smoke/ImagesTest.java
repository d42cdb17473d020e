package com.circleci.runnerinit.smoke;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.testing.Command;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.lang.module.ModuleDescriptor.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The images of {@code ./do images}, which {@code ./do smoke-tests} has just run. */
class ImagesTest {
  private static final Path CHECKOUT = Command.checkout();

  @TempDir Path folder;

  @Test
  void shouldBeForBothPlatforms() throws IOException {
    var image = new Layout(CHECKOUT.resolve("target/images/test-agent"));

    assertThat(image.platforms()).containsExactly("linux/amd64", "linux/arm64");
  }

  @ParameterizedTest
  @CsvSource({"linux/amd64, Advanced Micro Devices X86-64", "linux/arm64, AArch64"})
  void shouldHoldTheTwoExecutablesOfThePlatformAndTheLinkAndNothingElse(
      String platform, String machine) throws IOException {
    var image = new Layout(CHECKOUT.resolve("target/images/test-agent"));
    var executables = CHECKOUT.resolve("target/bin").resolve(platform);

    assertThat(image.files(platform))
        .satisfiesExactlyInAnyOrder(
            entry -> assertEntry(entry, "orchestrator", executables.resolve("orchestrator")),
            entry -> assertEntry(entry, "circleci-agent", executables.resolve("fake-task-agent")),
            ImagesTest::assertLink);
    var unpacked = folder.resolve("unpacked");
    for (var file :
        List.of(
            image.extract(platform, "orchestrator", unpacked),
            image.extract(platform, "circleci-agent", unpacked))) {
      assertThat(Command.succeed("readelf", "--file-header", file.toString()))
          .containsPattern("Machine: +" + machine);
    }
    assertThat(unpacked.resolve("orchestrator"))
        .hasSameBinaryContentAs(executables.resolve("orchestrator"));
    assertThat(unpacked.resolve("circleci-agent"))
        .hasSameBinaryContentAs(executables.resolve("fake-task-agent"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"amd64", "arm64"})
  void shouldSayWhatItIsAndWhereItComesFrom(String architecture) throws IOException {
    var image = new Layout(CHECKOUT.resolve("target/images/test-agent"));

    var config = image.config("linux/" + architecture);
    assertThat(config.has("history")).isFalse();
    assertThat(config.getAsJsonPrimitive("architecture").getAsString()).isEqualTo(architecture);
    var run = config.getAsJsonObject("config");
    assertThat(run.getAsJsonArray("Entrypoint")).hasToString("[\"/orchestrator\",\"init\"]");
    assertThat(run.has("User")).isFalse();
    assertThat(String.valueOf(run.get("Env"))).matches("null|\\[(\"PATH=[^\"]*\")?]");
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
  void shouldHaveTheSameDigestInAnotherFolderAtAnotherTime() throws IOException {
    var other = OtherCheckout.in(folder);

    other.succeed(Map.of(), "images", "test-agent");

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
        .contains("gson", "httpcore5", "OpenJDK class library", "musl", "zlib")
        .contains("Mozilla root certificates (certifi)")
        .contains("circleci-agent linux/amd64", "circleci-agent linux/arm64");
    // The only licence under which NOTICE has libraries.
    assertThat(names.asList())
        .map(component -> component.getAsJsonObject())
        .filteredOn(component -> component.has("group"))
        .isNotEmpty()
        .allSatisfy(library ->
            assertThat(library.get("licenses").toString())
                .matches("\\[\\{\"license\":\\{\"id\":\"Apache-2.0\"[^{]*"));
    for (var architecture : List.of("amd64", "arm64")) {
      var executables = CHECKOUT.resolve("target/bin/linux").resolve(architecture);
      assertThat(sbom)
          .contains(sha256(executables.resolve("orchestrator")))
          .contains(sha256(executables.resolve("fake-task-agent")));
    }
    assertThat(provenance)
        .contains(Command.succeed("git", "rev-parse", "HEAD"))
        .contains(sha256(CHECKOUT.resolve("orchestrator/target/orchestrator.jar")))
        .contains("--static", "-march=x86-64-v2", "-march=armv8-a");
  }

  @Test
  void shouldRefuseARecordOfAnotherExecutable() throws IOException {
    var other = OtherCheckout.in(folder);
    Files.writeString(
        other.resolve("target/bin/linux/amd64/orchestrator"), "!", StandardOpenOption.APPEND);

    var done = other.run(Map.of(), "images", "test-agent");

    assertThat(done.status()).isEqualTo(1);
    assertThat(done.output()).contains("inputs.json is of another executable");
  }

  /** By the Dockerfile of the real image, over an image that stands for that of the task agent. */
  @Test
  void shouldBuildAnImageForEachPinnedVersionOfServer() throws IOException {
    var other = OtherCheckout.in(folder);
    var taskAgent = Files.createDirectory(folder.resolve("task-agent"));
    for (var platform : List.of("linux/amd64", "linux/arm64")) {
      var agents = Files.createDirectories(taskAgent.resolve(platform));
      Files.writeString(agents.resolve("circleci-agent"), "server 4.7, " + platform);
    }
    Files.writeString(
        taskAgent.resolve("Dockerfile"), "FROM scratch\nCOPY linux /opt/circleci/linux\n");
    Podman.podman("build", "--quiet", "--tag", "localhost/picard:1.0.1-abcdef", "" + taskAgent);
    Files.writeString(other.resolve("docker/server-versions"), "4.7 1.0.1-abcdef\n4.8 unpinned\n");

    var said = other.succeed(Map.of("TASK_AGENT_IMAGE", "localhost/picard"), "images", "server");

    assertThat(said)
        .contains("localhost/runner-init:agent-server-4.7: sha256:")
        .contains("server 4.8: no image");
    var image = new Layout(other.resolve("target/images/agent-server-4.7"));
    assertThat(image.platforms()).containsExactly("linux/amd64", "linux/arm64");
    for (var platform : image.platforms()) {
      assertThat(image.files(platform))
          .satisfiesExactlyInAnyOrder(
              entry -> assertThat(entry).startsWith("-rwxr-xr-x 0/0").endsWith(" orchestrator"),
              entry -> assertThat(entry).startsWith("-rwxr-xr-x 0/0").endsWith(" circleci-agent"),
              ImagesTest::assertLink);
      var agent = image.extract(platform, "circleci-agent", folder.resolve(platform));
      assertThat(agent).hasContent("server 4.7, " + platform);
    }
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
        .allSatisfy(line ->
            assertThat(line).matches("\\d+\\.\\d+ (unpinned|\\d+\\.\\d+\\.\\d+-[0-9a-f]+)"));
    assertThat(versions.stream().map(line -> Version.parse(line.split(" ", 2)[0])))
        .isSorted()
        .doesNotHaveDuplicates();
  }

  private static String sha256(Path file) {
    return Command.succeed("sha256sum", file.toString()).split(" ", 2)[0];
  }

  /** For a Pod in which the image is mounted as a volume. */
  private static void assertLink(String entry) {
    assertThat(entry).startsWith("lrwxrwxrwx 0/0").endsWith(" circleci -> circleci-agent");
  }

  private static void assertEntry(String entry, String name, Path same) {
    assertThat(entry).startsWith("-rwxr-xr-x 0/0").endsWith(" " + name);
    assertThat(entry).contains(" " + same.toFile().length() + " ");
  }
}
