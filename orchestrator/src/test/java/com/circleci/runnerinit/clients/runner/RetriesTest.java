package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.clients.runner.http.Reply;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class RetriesTest {
  private static final Duration BUDGET = Duration.ofSeconds(10);
  private static final Instant START = Instant.parse("2026-11-24T12:00:00Z");
  private static final Reply BROKEN = new Reply.Broken("EOF");

  private final List<Duration> pauses = new ArrayList<>();
  private final List<Duration> limits = new ArrayList<>();
  private Duration passed = Duration.ZERO;
  private Duration anAttempt = Duration.ZERO;

  @Test
  void takesASuccessAtOnce() {
    assertThat(run(Route.UNCLAIM, answer(204))).isEqualTo(new Retries.Result(answer(204), 1));
    assertThat(pauses).isEmpty();
  }

  @Test
  void takesARefusalAtOnce() {
    assertThat(run(Route.FAIL, answer(404))).isEqualTo(new Retries.Result(answer(404), 1));
  }

  @Test
  void triesAgainAfterABrokenExchange() {
    assertThat(run(Route.FAIL, BROKEN, BROKEN, answer(200)).attempts()).isEqualTo(3);
    assertThat(pauses).containsExactly(Duration.ofMillis(50), Duration.ofMillis(75));
  }

  @Test
  void triesAgainAfterAServersError() {
    assertThat(run(Route.FAIL, answer(500), answer(599), answer(200)).attempts()).isEqualTo(3);
  }

  @Test
  void doesNotTryWhatIsImpossible() {
    Reply impossible = new Reply.Impossible("no scheme");
    assertThat(run(Route.FAIL, impossible)).isEqualTo(new Retries.Result(impossible, 1));
  }

  @Test
  void stopsWhenTheNextPauseWouldOutlastTheBudget() {
    Retries.Result result = run(Route.FAIL, BROKEN);

    assertThat(result.reply()).isEqualTo(BROKEN);
    assertThat(result.attempts()).isEqualTo(pauses.size() + 1);
    assertThat(passed).isLessThanOrEqualTo(BUDGET);
    Duration next = pauses.getLast().multipliedBy(3).dividedBy(2);
    assertThat(passed.plus(next).plusMillis(1)).isGreaterThan(BUDGET);
  }

  @Test
  void givesAnAttemptFiveSecondsOrWhatIsLeft() {
    anAttempt = Duration.ofSeconds(4);
    run(Route.FAIL, BROKEN);

    assertThat(limits)
        .containsExactly(
            Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofMillis(10_000 - 8_000 - 125));
  }

  @Test
  void makesNoAttemptThatHasHardlyAnyTime() {
    anAttempt = Duration.ofMillis(4_700);
    run(Route.FAIL, BROKEN);

    // A third one would have 10 s - 9.4 s - 125 ms: 475 ms.
    assertThat(limits).hasSize(2);
  }

  @Test
  void waitsAsLongAsAnUnavailableServerAsks() {
    assertThat(run(Route.FAIL, answer(503, "3"), answer(200)).attempts()).isEqualTo(2);
    assertThat(pauses).containsExactly(Duration.ofSeconds(3));
  }

  @Test
  void waitsUntilTheDateThatAServerNames() {
    run(Route.FAIL, answer(503, "Tue, 24 Nov 2026 12:00:04 GMT"), answer(200));
    assertThat(pauses).containsExactly(Duration.ofSeconds(4));
  }

  @Test
  void neverPausesForLessThanTheBackOff() {
    run(Route.FAIL, answer(503, "0"), answer(200));
    assertThat(pauses).containsExactly(Duration.ofMillis(50));
  }

  @Test
  void ignoresWhatAServerAsksForInVain() {
    run(Route.FAIL, answer(503, "soon"), answer(200));
    assertThat(pauses).containsExactly(Duration.ofMillis(50));
  }

  @Test
  void honoursNoPauseAskedForByAnotherError() {
    run(Route.FAIL, answer(500, "3"), answer(200));
    assertThat(pauses).containsExactly(Duration.ofMillis(50));
  }

  @Test
  void givesUpAtOnceWhenAServerAsksForMoreThanTheBudget() {
    assertThat(run(Route.FAIL, answer(503, "3600")))
        .isEqualTo(new Retries.Result(answer(503, "3600"), 1));
    assertThat(pauses).isEmpty();
  }

  @Test
  void triesAgainWhenAskedToSlowDown() {
    assertThat(run(Route.UNCLAIM, answer(429, "1"), answer(200)).attempts()).isEqualTo(2);
    assertThat(pauses).containsExactly(Duration.ofSeconds(1));
  }

  @Test
  void takesTooManyRequestsForFinalWhenNoPauseIsNamed() {
    assertThat(run(Route.UNCLAIM, answer(429)).attempts()).isEqualTo(1);
    assertThat(run(Route.UNCLAIM, answer(429, "whenever")).attempts()).isEqualTo(1);
  }

  @Test
  void makesNoAttemptWithoutABudget() {
    Retries.Result result =
        new Retries(timing())
            .run(
                Route.FAIL,
                Duration.ZERO,
                (number, limit) -> {
                  throw new AssertionError();
                });
    assertThat(result)
        .isEqualTo(new Retries.Result(new Reply.Impossible("no time is left for it"), 0));
  }

  @Test
  void endsItsPauseWhenInterrupted() {
    Timing interrupted =
        new Timing(
            () -> 0,
            () -> START,
            pause -> {
              throw new InterruptedException();
            },
            () -> 0.5);

    Retries.Result result =
        new Retries(interrupted).run(Route.FAIL, BUDGET, (number, limit) -> BROKEN);

    assertThat(result).isEqualTo(new Retries.Result(BROKEN, 1));
    assertThat(Thread.interrupted()).isTrue();
  }

  private Retries.Result run(Route route, Reply... replies) {
    return new Retries(timing())
        .run(
            route,
            BUDGET,
            (number, limit) -> {
              limits.add(limit);
              passed = passed.plus(anAttempt);
              return replies[Math.min(number, replies.length) - 1];
            });
  }

  private Timing timing() {
    return new Timing(
        () -> passed.toNanos(),
        () -> START.plus(passed),
        pause -> {
          pauses.add(pause);
          passed = passed.plus(pause);
        },
        () -> 0.5);
  }

  private static Reply answer(int status) {
    return new Reply.Answer(status, Optional.empty());
  }

  private static Reply answer(int status, String retryAfter) {
    return new Reply.Answer(status, Optional.of(retryAfter));
  }
}
