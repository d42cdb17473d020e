package com.circleci.runnerinit.clients.runner;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.clients.runner.http.Reply;
import java.time.Duration;
import java.util.Optional;

/** Repeats a call's attempts until one is final or the budget is spent. */
final class Retries {
  private static final Duration ATTEMPT_LIMIT = Duration.ofSeconds(5);

  /** With less time there is no attempt: it would only hide the reason of the one before. */
  private static final Duration LEAST_ATTEMPT = Duration.ofMillis(500);

  private static final int TOO_MANY_REQUESTS = 429;
  private static final int SERVICE_UNAVAILABLE = 503;

  private final Timing timing;

  Retries(Timing timing) {
    this.timing = requireNonNull(timing, "timing is null");
  }

  /** One attempt. */
  @FunctionalInterface
  interface Attempt {
    /**
     * Makes the attempt.
     *
     * @param number counts from one
     */
    Reply make(int number, Duration limit);
  }

  /**
   * What the last attempt gave.
   *
   * @param attempts how many there were
   */
  record Result(Reply reply, int attempts) {}

  Result run(Route route, Duration budget, Attempt attempt) {
    long begin = timing.nanoTime().getAsLong();
    BackOff backOff = new BackOff(timing.random());
    for (int number = 1; ; number++) {
      Duration left = left(budget, begin);
      if (!left.isPositive()) {
        return new Result(new Reply.Impossible("no time is left for it"), number - 1);
      }
      Reply reply = attempt.make(number, left.compareTo(ATTEMPT_LIMIT) < 0 ? left : ATTEMPT_LIMIT);
      Optional<Duration> pause = pause(route, reply, backOff);
      if (pause.isEmpty() || pause.get().plus(LEAST_ATTEMPT).compareTo(left(budget, begin)) >= 0) {
        return new Result(reply, number);
      }
      try {
        timing.pause().take(pause.get());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return new Result(reply, number);
      }
    }
  }

  private Duration left(Duration budget, long begin) {
    return budget.minusNanos(timing.nanoTime().getAsLong() - begin);
  }

  /** The pause before the next attempt; nothing if there is to be none. */
  private Optional<Duration> pause(Route route, Reply reply, BackOff backOff) {
    return switch (reply) {
      case Reply.Impossible impossible -> Optional.empty();
      case Reply.Broken broken -> Optional.of(backOff.next());
      case Reply.Answer answer ->
          switch (Verdict.of(route, answer.status())) {
            case SUCCESS, EXHAUSTED, FINAL -> Optional.empty();
            case RETRY_WHEN_ASKED -> asked(answer).map(asked -> longer(asked, backOff.next()));
            case RETRY -> Optional.of(longer(asked(answer).orElse(Duration.ZERO), backOff.next()));
          };
    };
  }

  private Optional<Duration> asked(Reply.Answer answer) {
    return answer.status() == TOO_MANY_REQUESTS || answer.status() == SERVICE_UNAVAILABLE
        ? answer
            .retryAfter()
            .flatMap(value -> RetryAfter.parse(value, timing.wallClock().instant()))
        : Optional.empty();
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) >= 0 ? one : other;
  }
}
