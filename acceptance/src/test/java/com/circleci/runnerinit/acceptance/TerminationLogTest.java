package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Answer;
import org.junit.jupiter.api.Test;

/** What {@code kubectl describe pod} shows of a task that failed. */
@InAContainer
class TerminationLogTest {
  private static final String TERMINATION_LOG = "/dev/termination-log";

  @Test
  void shouldWriteTheMessageThatWasReported(Scenario given) {
    given.root().file(TERMINATION_LOG, "");
    given.agent("exit=3");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.api().calls(FAIL))
        .singleElement()
        .satisfies(call ->
            assertThat(given.root().read(TERMINATION_LOG).strip()).isEqualTo(call.message()));
  }

  @Test
  void shouldLeaveNothingOfALongerMessage(Scenario given) {
    given.root().file(TERMINATION_LOG, "x".repeat(4096));
    given.agent("exit=3");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().read(TERMINATION_LOG))
        .endsWith("Check container logs for more details");
  }

  @Test
  void shouldNotFollowALinkThatTheTaskPutInItsPlace(Scenario given) {
    given.root().file("/precious", "precious").folder("/dev").link(TERMINATION_LOG, "/precious");
    given.agent("exit=3");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().read("/precious")).isEqualTo("precious");
    assertThat(given.api().calls(FAIL)).hasSize(1);
  }

  @Test
  void shouldWriteTheMessageThatNobodyCouldBeTold(Scenario given) {
    given.api().always(FAIL, Answer.status(404));
    given.root().file(TERMINATION_LOG, "");
    given.agent("exit=3");

    assertThat(given.runTask().exitCode()).isOne();

    assertThat(given.root().read(TERMINATION_LOG)).contains("exit status 3");
  }

  @Test
  void shouldLeaveItEmptyAfterASuccess(Scenario given) {
    given.root().file(TERMINATION_LOG, "");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().read(TERMINATION_LOG)).isEmpty();
  }

  @Test
  void shouldNotMakeOneWhereThereIsNone(Scenario given) {
    given.root().folder("/dev");
    given.agent("exit=3");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().has(TERMINATION_LOG)).isFalse();
  }

  /** To open it for writing would wait for a reader, and all supervision with it. */
  @Test
  void shouldNotWaitForAReaderOfIt(Scenario given) {
    given.root().fifo(TERMINATION_LOG);
    given.agent("exit=3");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.api().calls(FAIL)).hasSize(1);
  }

  @Test
  void shouldNotMindOneThatCannotBeWritten(Scenario given) {
    given.root().folder(TERMINATION_LOG);
    given.agent("exit=3");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.api().calls(FAIL)).hasSize(1);
  }
}
