package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.HostCommand;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.ProcessView;
import com.circleci.runnerinit.testing.Signal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a task can do to the orchestrator that has its own user, and what a kernel may refuse. */
@InAContainer
class HostileTaskTest {

  @Test
  void shouldSuperviseWithoutARightToAnyDescriptor(Scenario given) {
    given.agent("record-signals=/out/signals", "touch=/out/started", "wait-file=/out/go");
    var container = given.runTask("--termination-grace-period=10m");
    given.root().awaitFile("/out/started");

    limit(container.orchestrator(), "nofile", 0);
    container.signal(Signal.WINCH);
    given.root().awaitText("/out/signals", "WINCH");
    container.signal(Signal.TERM);
    container.stdout().awaitEvent("system: shutdown signal received");
    given.root().file("/out/go", "");

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ppoll", "epoll_pwait"})
  void shouldReportTheTaskWhereAWayToWaitIsRefused(String call, Scenario given) {
    given.startedBy("refuse=" + call).agent("exit=1");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.api().calls()).hasSize(1);
  }

  /** What it needs to read what the agent writes, for instance, it must have before that. */
  @Test
  void shouldEndWhateverMemoryItMayHaveBeyondWhatItUses(Scenario given) {
    given.apiBaseUrl("ftp://nobody");
    given.agent("flood-stderr=1000000", "touch=/out/written", "wait-file=/out/go", "exit=3");
    var first = given.runTask();
    given.root().awaitFile("/out/written");
    var used = first.orchestrator().addressSpaceBytes() / 1024;
    given.root().file("/out/go", "");
    assertThat(first.exitCode()).isOne();

    for (var more = 100; more <= 300; more += 20) {
      given.prepare("ulimit -S -v " + (used + more));

      // An agent that nobody reads would never end.
      assertThat(given.runTask().exitCode()).isNotZero();
    }
  }

  @Test
  void shouldSayThatItMayNotKillWhatTheTaskLeavesBehind(Scenario given) {
    given.proc().prepare("set -- /usr/bin/setpriv --bounding-set=-kill \"$@\"");
    given.config().set("user", "3434");
    given.agent("daemon=setsid");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().awaitEvent("orchestrator: kill processes").fields())
        .extractingByKey("warning")
        .asString()
        .contains("not permitted")
        .doesNotContain("in time");
  }

  private static void limit(ProcessView process, String resource, long limit) {
    HostCommand.run(
        "prlimit", "--pid=" + process.pid(), "--%s=%d:%d".formatted(resource, limit, limit));
  }
}
