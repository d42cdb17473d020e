package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import org.junit.jupiter.api.Test;

@InAContainer
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
