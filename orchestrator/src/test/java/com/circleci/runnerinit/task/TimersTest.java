package com.circleci.runnerinit.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TimersTest {
  /** Close to where it overflows: System.nanoTime may begin anywhere. */
  private long nanos = Long.MAX_VALUE - Duration.ofMinutes(5).toNanos();

  private final Timers timers = new Timers(() -> nanos);

  @Test
  void shouldEndATimerAtItsTimeAndNotBefore() {
    timers.set(Timer.READINESS, Orchestrator.READINESS_LIMIT);

    nanos += Duration.ofMinutes(10).toNanos() - 1;
    assertThat(timers.takeEnded()).isEmpty();
    assertThat(timers.untilNext()).contains(Duration.ofNanos(1));

    nanos++;
    assertThat(timers.untilNext()).contains(Duration.ZERO);
    assertThat(timers.takeEnded()).contains(Timer.READINESS);
    assertThat(timers.takeEnded()).isEmpty();
    assertThat(timers.untilNext()).isEmpty();
  }

  @Test
  void shouldWaitForTheNextOfSeveral() {
    timers.set(Timer.READINESS, Duration.ofSeconds(3));
    timers.set(Timer.SWEEP, Duration.ofSeconds(1));

    assertThat(timers.untilNext()).contains(Duration.ofSeconds(1));
    nanos += Duration.ofSeconds(2).toNanos();
    assertThat(timers.takeEnded()).contains(Timer.SWEEP);
    assertThat(timers.untilNext()).contains(Duration.ofSeconds(1));
  }

  @Test
  void shouldForgetWhatIsCancelled() {
    timers.set(Timer.READINESS, Duration.ofSeconds(1));
    timers.cancel(Timer.READINESS);

    nanos += Duration.ofSeconds(1).toNanos();
    assertThat(timers.takeEnded()).isEmpty();
    assertThat(timers.untilNext()).isEmpty();
  }
}
