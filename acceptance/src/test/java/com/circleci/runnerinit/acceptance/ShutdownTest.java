package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static com.circleci.runnerinit.testing.Route.UNCLAIM;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Answer;
import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.Machine;
import com.circleci.runnerinit.testing.Signal;
import com.circleci.runnerinit.testing.SilentAddress;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** SIGTERM and SIGINT in each phase of a task. */
@InAContainer
@Tag("core")
class ShutdownTest {

  @ParameterizedTest
  @EnumSource(names = {"TERM", "INT"})
  void shouldHandTheTaskBackWhenStoppedInTheReadinessWait(Signal signal, Scenario given) {
    given.config().set("readiness_file_path", "/status/ready");
    var container = given.runTask();
    container.probe().awaitStatus("/ready", 200);

    container.signal(signal);

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls()).extracting(Call::path).containsExactly(UNCLAIM.path());
  }

  @Test
  void shouldHandTheTaskBackAtOnceWhenStoppedBeforeTheAgentWithALongGracePeriod(Scenario given) {
    given.config().set("readiness_file_path", "/status/ready");
    var container = given.runTask("--termination-grace-period=10m");
    container.probe().awaitStatus("/ready", 200);

    container.signal(Signal.TERM);

    assertThat(container.exitCode()).isZero();
  }

  @Test
  void shouldEndTheEntrypointTooWhenStoppedInTheReadinessWait(Scenario given) {
    given.config().set("readiness_file_path", "/status/ready");
    given.entrypoint(
        "record-signals=/out/signals", "on-term=exit:0", "touch=/out/up", "sleep=forever");
    var container = given.runTask();
    given.root().awaitFile("/out/up");
    container.probe().awaitStatus("/ready", 200);

    container.signal(Signal.TERM);

    assertThat(container.exitCode()).isZero();
    assertThat(given.root().read("/out/signals")).isIn("TERM\n", "TERM\nCONT\n");
    assertThat(given.api().calls()).extracting(Call::path).containsExactly(UNCLAIM.path());
  }

  @Test
  void shouldHandTheTaskBackHoweverEarlyTheSignalComes(Scenario given) {
    given.config().set("readiness_file_path", "/status/ready");
    var container = given.runTask();

    Await.until(
        "the end, by one of many signals",
        () -> {
          container.signalFirstProcess(Signal.TERM);
          return container.ended();
        });

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls()).extracting(Call::path).containsExactly(UNCLAIM.path());
  }

  @ParameterizedTest
  @EnumSource(names = {"TERM", "INT", "HUP", "USR1"})
  void shouldFinishAReportThatASignalComesInto(Signal signal, Scenario given) {
    given.api().answer(FAIL, Answer.status(200).after(Duration.ofMillis(300)));
    given.api().whenCalled(_ -> given.container().signal(signal));
    given.agent("exit=1");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stderr().text()).isEmpty();
    assertThat(given.api().calls()).extracting(Call::path).containsExactly(FAIL.path());
  }

  @Test
  void shouldStillSayThatAReportFailedWhenASignalCameIntoIt(Scenario given) {
    given.api().always(FAIL, Answer.status(404).after(Duration.ofMillis(100)));
    given.api().whenCalled(_ -> given.container().signal(Signal.TERM));
    given.agent("exit=1");

    assertThat(given.runTask().exitCode()).isOne();
  }

  @ParameterizedTest
  @EnumSource(names = {"TERM", "INT"})
  void shouldLetARunningTaskFinishWithinTheGracePeriod(Signal signal, Scenario given) {
    given.agent(
        "record-signals=/out/signals", "touch=/out/started", "wait-file=/out/go", "print=finished");
    var container = startAndAwait(given);

    container.signal(signal);
    container.stdout().awaitEvent("system: shutdown signal received");
    given.root().file("/out/go", "");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines()).contains("finished");
    assertThat(given.root().read("/out/signals")).isEmpty();
    assertThat(given.api().calls()).isEmpty();
  }

  @Test
  void shouldReportATaskThatFailsWithinTheGracePeriod(Scenario given) {
    given.agent("touch=/out/started", "wait-file=/out/go", "exit=4");
    var container = startAndAwait(given);

    container.signal(Signal.TERM);
    container.stdout().awaitEvent("system: shutdown signal received");
    given.root().file("/out/go", "");

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls(FAIL))
        .singleElement()
        .satisfies(call -> assertThat(call.message()).contains("exit status 4"));
  }

  @ParameterizedTest
  @CsvSource({"TERM, terminated", "INT, interrupt"})
  void shouldNameTheSignalAndTheDelayInTheLog(Signal signal, String words, Scenario given) {
    given.agent("touch=/out/started", "sleep=forever");
    var container =
        startAndAwait(given, "--termination-grace-period=10ms", "--shutdown-delay=20ms");

    container.signal(signal);

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().awaitEvent("system: shutdown signal received").fields())
        .containsEntry("app.signal", words)
        .containsEntry("app.delay", "20");
    assertThat(container.stdout().text()).contains("termination grace period is over");
  }

  @Test
  void shouldAskATaskThatDoesNotFinishToEnd(Scenario given) {
    given.agent(
        "record-signals=/out/signals", "on-term=exit:0", "touch=/out/started", "sleep=forever");
    var container = startAndAwait(given, "--termination-grace-period=100ms");

    container.signal(Signal.TERM);

    assertThat(container.exitCode()).isZero();
    assertThat(given.root().read("/out/signals")).isIn("TERM\n", "TERM\nCONT\n");
    assertIsReportedAsStillRunning(given);
  }

  @Test
  void shouldKillATaskThatDoesNotListen(Scenario given) {
    given.agent("record-signals=/out/signals", "touch=/out/started", "sleep=forever");
    var began = System.nanoTime();
    var container = startAndAwait(given, "--termination-grace-period=100ms");

    container.signal(Signal.TERM);

    assertThat(container.exitCode()).isZero();
    assertThat(given.root().read("/out/signals")).isIn("TERM\n", "TERM\nCONT\n");
    assertThat(Duration.ofNanos(System.nanoTime() - began))
        .isLessThan(Duration.ofSeconds(6).multipliedBy(Machine.current().slowness()));
    assertIsReportedAsStillRunning(given);
  }

  @Test
  void shouldWakeAStoppedTaskSoThatItSeesItsSigterm(Scenario given) {
    given.agent("record-signals=/out/signals", "on-term=exit:0", "touch=/out/started", "die=STOP");
    var container = startAndAwait(given, "--termination-grace-period=100ms");

    container.signal(Signal.TERM);

    assertThat(container.exitCode()).isZero();
    assertThat(given.root().read("/out/signals")).contains("TERM");
  }

  @ParameterizedTest
  @CsvSource({"QUIT, quit", "WINCH, window changed"})
  void shouldTakeTheStopSignalOfAnImageForSigterm(Signal signal, String words, Scenario given) {
    given.agent("record-signals=/out/signals", "touch=/out/started", "wait-file=/out/go");
    var container = startAndAwait(given, "--stop-signal=SIGQUIT,SIGWINCH");

    container.signal(signal);

    assertThat(container.stdout().awaitEvent("system: shutdown signal received").fields())
        .containsEntry("app.signal", words);
    given.root().file("/out/go", "");
    assertThat(container.exitCode()).isZero();
    assertThat(given.root().read("/out/signals")).isEmpty();
  }

  @Test
  void shouldAskTheWholeProcessGroupOfTheTask(Scenario given) {
    given.agent(
        "record-signals=/out/signals",
        "fork-bomb=3",
        "daemon=group",
        "on-term=finish-after:50",
        "touch=/out/started",
        "sleep=forever");
    var container = startAndAwait(given, "--termination-grace-period=50ms");

    container.signal(Signal.TERM);

    assertThat(container.exitCode()).isZero();
    assertIsReportedAsStillRunning(given);
  }

  @Test
  void shouldSkipTheRestOfTheGracePeriodOnASecondSignal(Scenario given) {
    given.agent("on-term=exit:0", "touch=/out/started", "sleep=forever");
    var container = startAndAwait(given, "--termination-grace-period=10m");

    container.signal(Signal.TERM);
    container.stdout().awaitEvent("system: shutdown signal received");
    container.signal(Signal.TERM);

    assertThat(container.exitCode()).isZero();
    assertIsReportedAsStillRunning(given);
    assertThat(container.stdout().events("termination grace period is cut short")).hasSize(1);
    assertThat(container.stdout().events("termination grace period is over")).isEmpty();
  }

  @Test
  void shouldEndTheShutdownDelayWithTheTask(Scenario given) {
    given.agent("touch=/out/started", "wait-file=/out/go");
    var container = startAndAwait(given, "--shutdown-delay=10m");

    container.signal(Signal.TERM);
    container.stdout().awaitEvent("system: shutdown signal received");
    given.root().file("/out/go", "");

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls()).isEmpty();
  }

  @Test
  void shouldStayUpWhileTheShutdownIsDelayed(Scenario given) {
    given.agent("record-signals=/out/signals", "touch=/out/started", "wait-file=/out/go");
    var container = startAndAwait(given, "--shutdown-delay=10m", "--termination-grace-period=1ms");

    container.signal(Signal.TERM);
    container.stdout().awaitEvent("system: shutdown signal received");

    assertThat(container.probe().get("/live").status()).isEqualTo(200);
    given.root().file("/out/go", "");
    assertThat(container.exitCode()).isZero();
    assertThat(given.root().read("/out/signals")).isEmpty();
  }

  /** No process obeys, nobody reads standard error, the API is silent: Kubernetes waits 30 s. */
  @Test
  @Tag("host")
  void shouldEndWithinThePatienceOfKubernetesWhateverHoldsItUp(Scenario given) {
    given.root().fifo("/dev/stderr");
    given.prepare("exec 2<>'%s'".formatted(given.root().path("/dev/stderr")));
    given.apiBaseUrl("http://127.0.0.2:" + given.api().port());
    given.entrypoint("ignore=TERM", "touch=/out/up", "sleep=forever");
    given.agent("ignore=TERM", "wait-file=/out/up", "touch=/out/started", "flood-stderr=1000000");
    try (var _ = SilentAddress.halfOpen("127.0.0.2", given.api().port())) {
      var container = startAndAwait(given);
      var began = System.nanoTime();

      container.signal(Signal.TERM);

      assertThat(container.exitCode()).isOne();
      assertThat(Duration.ofNanos(container.endedAt() - began))
          .isGreaterThan(Duration.ofSeconds(20))
          .isLessThan(Duration.ofSeconds(30));
    }
  }

  @Test
  void shouldNotHideAFailedReportAfterASignal(Scenario given) {
    given.api().always(FAIL, Answer.status(404));
    given.agent("touch=/out/started", "sleep=forever");
    var container = startAndAwait(given, "--termination-grace-period=10ms");

    container.signal(Signal.TERM);

    assertThat(container.exitCode()).isOne();
    assertThat(container.stderr().text()).contains("error on shutdown: ");
  }

  @Test
  void shouldHandARunningTaskBackAfterASignalWhenUnsafeRetriesAreEnabled(Scenario given) {
    given.config().set("enable_unsafe_retries", true);
    given.agent("touch=/out/started", "sleep=forever");
    var container = startAndAwait(given, "--termination-grace-period=10ms");

    container.signal(Signal.TERM);

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls()).extracting(Call::path).containsExactly(UNCLAIM.path());
  }

  @Test
  void shouldTakeTheGracePeriodFromTheEnvironment(Scenario given) {
    given.environment("CIRCLECI_GOAT_TERMINATION_GRACE_PERIOD", "10ms");
    given.agent("touch=/out/started", "sleep=forever");
    var container = startAndAwait(given);

    container.signal(Signal.TERM);

    assertThat(container.exitCode()).isZero();
    assertIsReportedAsStillRunning(given);
  }

  @Test
  void shouldTakeTheFlagBeforeTheEnvironment(Scenario given) {
    given.environment("CIRCLECI_GOAT_TERMINATION_GRACE_PERIOD", "10m");
    given.agent("touch=/out/started", "sleep=forever");
    var container = startAndAwait(given, "--termination-grace-period", "10ms");

    container.signal(Signal.TERM);

    assertThat(container.exitCode()).isZero();
  }

  @ParameterizedTest
  @EnumSource(names = {"HUP", "QUIT", "USR1", "USR2", "WINCH", "CONT"})
  void shouldPassOtherSignalsOnToTheTask(Signal signal, Scenario given) {
    given.agent("record-signals=/out/signals", "touch=/out/started", "wait-file=/out/go");
    var container = startAndAwait(given);

    container.signal(signal);

    given.root().awaitText("/out/signals", signal.name());
    given.root().file("/out/go", "");
    assertThat(container.exitCode()).isZero();
    assertThat(given.root().read("/out/signals")).isEqualTo(signal.name() + "\n");
  }

  @Test
  void shouldSendSigtermOnAtOnceUnderTheForwardPolicy(Scenario given) {
    given.agent("record-signals=/out/signals", "touch=/out/started", "wait-file=/out/go");
    var container =
        startAndAwait(given, "--signal-policy=forward", "--termination-grace-period=10m");

    container.signal(Signal.TERM);

    given.root().awaitText("/out/signals", "TERM");
    given.root().file("/out/go", "");
    assertThat(container.exitCode()).isZero();
  }

  private static Container startAndAwait(Scenario given, String... flags) {
    var container = given.runTask(flags);
    given.root().awaitFile("/out/started");
    return container;
  }

  private static void assertIsReportedAsStillRunning(Scenario given) {
    assertThat(given.api().calls(FAIL))
        .singleElement()
        .satisfies(call ->
            assertThat(call.message())
                .startsWith("error on shutdown: task agent process is still running"));
    assertThat(given.api().calls(UNCLAIM)).isEmpty();
  }
}
