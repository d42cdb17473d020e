package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@InAContainer
@Tag("kernel")
class ReadinessWaitTest {
  private static final String READY = "/opt/circleci/status/ready";

  @Test
  void shouldNotWaitForAFileThatIsThere(Scenario given) {
    given.root().file(READY, "");

    assertRunsTheTask(given, start(given));
  }

  @Test
  void shouldNotStartTheTaskBeforeTheFileIsThere(Scenario given) {
    given.root().folder("/opt/circleci/status");
    var container = start(given);
    container.probe().awaitStatus("/ready", 200);

    assertThat(container.children()).isEmpty();
    assertThat(given.root().has("/out/started")).isFalse();
    given.root().file(READY, "");

    assertRunsTheTask(given, container);
  }

  @Test
  void shouldSeeAFileThatComesByARename(Scenario given) {
    given.root().file("/opt/circleci/status/.ready.tmp", "");
    var container = start(given);
    container.probe().awaitStatus("/ready", 200);

    given.root().rename("/opt/circleci/status/.ready.tmp", READY);

    assertRunsTheTask(given, container);
  }

  @Test
  void shouldSeeAFileInAFolderThatIsMadeLater(Scenario given) {
    var container = start(given);
    container.probe().awaitStatus("/ready", 200);

    given.root().file(READY, "");

    assertRunsTheTask(given, container);
  }

  @Test
  void shouldSeeAFolderThatComesWithTheFileInIt(Scenario given) {
    given.root().file("/opt/circleci/coming/ready", "");
    var container = start(given);
    container.probe().awaitStatus("/ready", 200);

    given.root().rename("/opt/circleci/coming", "/opt/circleci/status");

    assertRunsTheTask(given, container);
  }

  @Test
  void shouldNotTakeAnotherFileForTheOne(Scenario given) {
    given.root().folder("/opt/circleci/status");
    var container = start(given);
    container.probe().awaitStatus("/ready", 200);

    given.root().file("/opt/circleci/status/ready-not", "").file("/opt/circleci/status/read", "");
    for (var i = 0; i < 50; i++) {
      container.probe().get("/ready");
    }

    assertThat(given.root().has("/out/started")).isFalse();
    given.root().file(READY, "");
    assertRunsTheTask(given, container);
  }

  @ParameterizedTest
  @MethodSource("waysOnFileSystems")
  @Tag("host")
  void shouldSeeAFileHoweverItComes(Way way, FileSystem fileSystem, Scenario given)
      throws IOException {
    switch (fileSystem) {
      case DISK -> given.root().folder("/mnt");
      case TMPFS -> given.tmpfs("/mnt", "1m");
      case OVERLAY -> given.overlay("/mnt");
    }
    given.config().set("readiness_file_path", "/mnt/status/ready");
    given.agent("touch=/out/started");
    var container = given.runTask();
    container.probe().awaitStatus("/ready", 200);

    way.make(Files.createDirectory(container.path("/mnt/status")));

    assertRunsTheTask(given, container);
  }

  static Stream<Arguments> waysOnFileSystems() {
    return Stream.of(FileSystem.values())
        .flatMap(fileSystem -> Stream.of(Way.values()).map(way -> Arguments.of(way, fileSystem)));
  }

  @Test
  void shouldNotTakeADanglingLinkForTheFile(Scenario given) {
    given.root().folder("/opt/circleci/status").link(READY, "/opt/elsewhere");
    var container = start(given);
    container.probe().awaitStatus("/ready", 200);
    for (var i = 0; i < 50; i++) {
      container.probe().get("/ready");
    }
    assertThat(given.root().has("/out/started")).isFalse();

    given.root().file("/opt/elsewhere", "");

    assertRunsTheTask(given, container);
  }

  /** Whether it is seen in between is a matter of luck; it must not hang the wait. */
  @Test
  void shouldNotLoseItsWayWhenTheFileIsMadeAndRemovedAgainAndAgain(Scenario given) {
    given.root().folder("/opt/circleci/status");
    var container = start(given);
    container.probe().awaitStatus("/ready", 200);

    for (var i = 0; i < 1000; i++) {
      given.root().file(READY, "").remove(READY);
    }
    given.root().file(READY, "");

    assertRunsTheTask(given, container);
  }

  @Test
  void shouldFollowTheFolderThatIsReplaced(Scenario given) {
    given.root().folder("/opt/circleci/status");
    var container = start(given);
    container.probe().awaitStatus("/ready", 200);

    for (var i = 0; i < 100; i++) {
      given
          .root()
          .rename("/opt/circleci/status", "/opt/circleci/old-" + i)
          .folder("/opt/circleci/status");
    }
    given.root().file("/opt/circleci/old-99/ready", "");
    for (var i = 0; i < 50; i++) {
      container.probe().get("/ready");
    }
    assertThat(given.root().has("/out/started")).isFalse();
    given.root().file(READY, "");

    assertRunsTheTask(given, container);
  }

  /** Where its folder may lie. */
  enum FileSystem {
    DISK,
    TMPFS,
    OVERLAY
  }

  /** How a file may come to be. */
  enum Way {
    WRITE {
      @Override
      void make(Path folder) throws IOException {
        Files.writeString(folder.resolve("ready"), "");
      }
    },
    RENAME {
      @Override
      void make(Path folder) throws IOException {
        Files.writeString(folder.resolve("draft"), "");
        Files.move(folder.resolve("draft"), folder.resolve("ready"));
      }
    },
    HARD_LINK {
      @Override
      void make(Path folder) throws IOException {
        Files.createLink(folder.resolve("ready"), Files.writeString(folder.resolve("draft"), ""));
      }
    },
    SYMBOLIC_LINK {
      @Override
      void make(Path folder) throws IOException {
        Files.writeString(folder.resolve("draft"), "");
        Files.createSymbolicLink(folder.resolve("ready"), Path.of("draft"));
      }
    },
    FOLDER_IN_ITS_PLACE {
      @Override
      void make(Path folder) throws IOException {
        Files.createDirectory(folder.resolve("ready"));
      }
    },
    ANOTHER_FOLDER_WITH_IT {
      @Override
      void make(Path folder) throws IOException {
        var other = Files.createDirectory(folder.resolveSibling("other"));
        Files.writeString(other.resolve("ready"), "");
        Files.move(folder, folder.resolveSibling("old"));
        Files.move(other, folder);
      }
    };

    abstract void make(Path folder) throws IOException;
  }

  private static Container start(Scenario given) {
    given.config().set("readiness_file_path", READY);
    given.agent("touch=/out/started");
    return given.runTask();
  }

  private static void assertRunsTheTask(Scenario given, Container container) {
    assertThat(container.exitCode()).isZero();
    assertThat(given.root().has("/out/started")).isTrue();
    assertThat(container.stdout().awaitEvent("orchestrator: wait-for-readiness").fields())
        .containsEntry("app.ready", "true");
    assertThat(given.api().calls()).isEmpty();
  }
}
