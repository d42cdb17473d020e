package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.AgentReport;
import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Signal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@InAContainer
class ProcessHygieneTest {
  private static final List<String> STANDARD_STREAMS = List.of("0", "1", "2");

  /** The two children that the orchestrator starts: the same is asked of both. */
  enum Child {
    TASK_AGENT,
    CUSTOM_ENTRYPOINT;

    AgentReport run(Scenario given) {
      switch (this) {
        case TASK_AGENT -> given.agent("report=/out/report");
        case CUSTOM_ENTRYPOINT -> {
          given.entrypoint("report=/out/report");
          given.agent("wait-file=/out/report");
        }
      }
      assertThat(given.runTask().exitCode()).isZero();
      return given.root().report("/out/report");
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldStartChildrenWithNoSignalBlockedOrIgnored(Child child, Scenario given) {
    given.prepare("trap '' HUP INT QUIT PIPE USR1 TSTP");

    var report = child.run(given);

    assertThat(report.blockedSignals()).isEmpty();
    assertThat(report.ignoredSignals()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void shouldStartChildrenWithNothingOpenButTheStandardStreams(Child child, Scenario given) {
    given.root().devices();
    given.prepare("exec 7</dev/null 9>/dev/null");

    assertThat(child.run(given).descriptors()).containsOnlyKeys(STANDARD_STREAMS);
  }

  @ParameterizedTest
  @EnumSource
  void shouldStartChildrenInAProcessGroupOfTheirOwn(Child child, Scenario given) {
    var report = child.run(given);

    assertThat(report.number("pgid")).isEqualTo(report.number("pid"));
    assertThat(report.number("ppid")).isOne();
  }

  @ParameterizedTest
  @EnumSource
  void shouldHaveChildrenKilledWhenItDies(Child child, Scenario given) {
    assertThat(child.run(given).number("parent_death_signal")).isEqualTo(Signal.KILL.number());
  }

  @ParameterizedTest
  @EnumSource
  void shouldKeepItsOwnVariablesFromChildren(Child child, Scenario given) {
    given.environment("CIRCLECI_GOAT_SHUTDOWN_DELAY", "0s");

    assertThat(child.run(given).environment())
        .noneMatch(variable -> variable.startsWith("CIRCLECI_GOAT"));
  }

  @ParameterizedTest
  @EnumSource
  void shouldMakeChildrenMoreLikelyToBeKilledForMemoryThanItself(Child child, Scenario given) {
    given.proc();

    assertThat(child.run(given).number("oom_score_adj")).isPositive();
  }

  @ParameterizedTest
  @EnumSource
  void shouldLeaveTheUmaskAndTheLimitsOfChildrenAlone(Child child, Scenario given) {
    given.prepare("umask 027; ulimit -S -n 512; ulimit -H -n 1024; ulimit -c 0");

    var report = child.run(given);

    assertThat(report.number("umask")).isEqualTo(Integer.parseInt("027", 8));
    assertThat(report.json().getAsJsonObject("limits").getAsJsonArray("nofile").toString())
        .isEqualTo("[512,1024]");
  }

  @Test
  void shouldGiveTheCustomEntrypointNoInput(Scenario given) {
    given.root().devices();

    assertThat(Child.CUSTOM_ENTRYPOINT.run(given).descriptors()).containsEntry("0", "char:1:3");
  }

  @Test
  void shouldTakeTheTaskWithItWhenItIsKilledUnderAnotherInit(Scenario given) {
    given.underAnInit();
    given.agent("touch=/out/started", "sleep=forever");
    var container = given.runTask();
    given.root().awaitFile("/out/started");

    container.signal(Signal.KILL);

    assertThat(container.exitCode()).isEqualTo(128 + Signal.KILL.number());
  }

  @Test
  void shouldLeaveNoDescriptorOpenAsTimeGoesBy(Scenario given) {
    given.agent("touch=/out/started", "orphans=50/200ms", "touch=/out/later", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/started");
    container.probe().awaitStatus("/ready", 200);
    var before = openDescriptors(container);

    for (var i = 0; i < 100; i++) {
      container.probe().get("/live");
    }
    given.root().awaitFile("/out/later");

    Await.until("as few open descriptors as before", () -> openDescriptors(container) <= before);
    given.root().file("/out/end", "");
    assertThat(container.exitCode()).isZero();
  }

  private static int openDescriptors(Container container) {
    return container.orchestrator().openDescriptors();
  }
}
