package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.LogLine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@InAContainer
@Tag("core")
class WholeTaskTest {

  @Test
  void shouldFillTheVolumeThenRunTheTaskFromItAndEndWithZero(Scenario given) {
    given
        .root()
        .program("/orchestrator", Executables.orchestrator())
        .program("/circleci-agent", Executables.fakeTaskAgent());
    assertThat(given.execute("/orchestrator").exitCode()).isZero();

    given.agent("print=the task runs", "read-stdin", "report=/out/report");
    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines()).contains("the task runs");
    assertThat(given.root().report("/out/report").stdin()).isEqualTo(given.token());
    assertThat(given.api().calls()).isEmpty();
  }

  @Test
  void shouldSayWhatHappensInOrder(Scenario given) {
    given.root().file("/opt/circleci/status/ready", "");
    given.config().set("readiness_file_path", "/opt/circleci/status/ready");
    given.agent("print=the task runs");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().log())
        .extracting(LogLine::event)
        .containsSubsequence(
            "starting orchestrator",
            "server: new-server admin",
            "orchestrator: wait-for-readiness",
            "run-task");
  }

  @Test
  void shouldRunInARootWithNothingElseAndAnEmptyEnvironment(Scenario given) {
    given
        .root()
        .program("/orchestrator", Executables.orchestrator())
        .program("/circleci-agent", Executables.fakeTaskAgent());

    assertThat(given.execute("/orchestrator", "--version").exitCode()).isZero();
    assertThat(given.execute("/orchestrator", "init").exitCode()).isZero();
    assertThat(given.root().names("/opt/circleci/bin"))
        .containsExactly("circleci", "circleci-agent", "orchestrator");
  }
}
