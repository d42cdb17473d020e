package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.ProcessView;
import com.circleci.runnerinit.testing.Signal;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two runs of one task never overlap: what reports it has seen it dead. */
@InAContainer
class DeadBeforeReportedTest {

  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, true", "false, false"})
  void shouldReportATaskThatEndedOnlyWhenAllOfItHasGone(
      boolean unsafeRetries, boolean firstProcess, Scenario given) {
    given.config().set("enable_unsafe_retries", unsafeRetries);
    if (!firstProcess) {
      given.underAnInit();
    }
    given.agent("daemon=setsid", "daemon=own-group", "daemon=group", "fork-bomb=20", "exit=1");
    var seen = aliveWhenCalled(given);

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.api().calls()).hasSize(1);
    assertThat(seen).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, true", "false, false"})
  void shouldReportATaskThatHadToBeKilledOnlyWhenAllOfItHasGone(
      boolean unsafeRetries, boolean firstProcess, Scenario given) {
    given.config().set("enable_unsafe_retries", unsafeRetries);
    if (!firstProcess) {
      given.underAnInit();
    }
    given.agent(
        "ignore=TERM", "daemon=setsid", "fork-bomb=5", "touch=/out/started", "sleep=forever");
    var seen = aliveWhenCalled(given);
    var container = given.runTask("--termination-grace-period=50ms");
    given.root().awaitFile("/out/started");

    container.signal(Signal.TERM);

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls()).hasSize(1);
    assertThat(seen).isEmpty();
  }

  /** Of the task only: a custom entrypoint may still be there. */
  private static List<String> aliveWhenCalled(Scenario given) {
    var alive = new CopyOnWriteArrayList<String>();
    given
        .api()
        .whenCalled(_ ->
            given.container().living("circleci-agent").stream()
                .map(ProcessView::commandLine)
                .forEach(alive::add));
    return alive;
  }
}
