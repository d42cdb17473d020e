package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.Command;
import com.circleci.runnerinit.testing.ProcessView;
import com.circleci.runnerinit.testing.Signal;
import com.circleci.runnerinit.testing.TestCertificate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a task can do to the orchestrator that has its own user, and what a kernel may refuse. */
@InAContainer
class HostileTaskTest {

  @Test
  @Tag("image")
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

  @Test
  void shouldEndTheTaskAndSayWhyWhereWaitingIsForbidden(Scenario given) {
    given.startedBy("refuse=ppoll").agent("touch=/out/started");

    var container = given.runTask();

    // The API is told only if its answer is there before it is waited for.
    assertThat(container.exitCode()).isBetween(given.api().calls().isEmpty() ? 1 : 0, 1);
    assertThat(container.stdout().text())
        .contains("error in the orchestrator: poll: operation not permitted");
    assertThat(given.root().has("/out/started")).isFalse();
  }

  /** What it needs from then on it has: an agent that nobody reads would never end. */
  @ParameterizedTest
  @CsvSource({"as, VmSize, 0", "as, VmSize, 1", "data, VmData, 0", "data, VmData, 1"})
  @Tag("image")
  void shouldEndAndReportWithNoMoreMemoryThanItHas(
      String limit, String inUse, int times, Scenario given) {
    given.apiOptions(given.apiOptions().overTls(TestCertificate.RSA.context()));
    given.root().devices().file("/ca.pem", TestCertificate.ROOT.pem());
    given.environment("SSL_CERT_FILE", "/ca.pem");
    given.agent("touch=/out/started", "wait-file=/out/go", "flood-stderr=1000000", "exit=3");
    var container = given.runTask();
    given.root().awaitFile("/out/started");

    var bytes = times * container.orchestrator().mappedBytes(inUse);
    limit(container.orchestrator(), limit, bytes);
    given.root().file("/out/go", "");

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls())
        .singleElement()
        .extracting(Call::message)
        .asString()
        .contains("exit status 3: first");
  }

  /** What security.md says it can't help: the kernel ends PID 1, and nobody is told. */
  @Test
  void shouldBeEndedByALimitOfItsOwnProcessorTime(Scenario given) {
    given.agent("touch=/out/started", "wait-file=/out/go", "flood-signals=1:WINCH");
    var container = given.runTask();
    given.root().awaitFile("/out/started");

    limit(container.orchestrator(), "cpu", 1);
    given.root().file("/out/go", "");

    assertThat(container.mayBeKilled().diedBySignal()).isTrue();
    assertThat(container.stdout().lines()).last().asString().endsWith("task agent started");
    assertThat(given.api().calls()).isEmpty();
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
    Command.succeed(
        "prlimit", "--pid=" + process.pid(), "--%s=%d:%d".formatted(resource, limit, limit));
  }
}
