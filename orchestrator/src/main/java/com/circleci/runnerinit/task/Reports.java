package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.clients.runner.Reporter;
import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.health.ApiCall;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** Calls the runner API on a thread of its own, so that signals are heeded meanwhile. */
final class Reports {
  /** What is left of the time limit is for the fail event, should this fail. */
  private static final Duration UNCLAIM_SHARE =
      Orchestrator.REPORT_LIMIT.multipliedBy(2).dividedBy(3);

  /** A TLS handshake is deeper than musl's default of 128 KiB. */
  private static final int STACK_BYTES = 1024 * 1024;

  private final Reporter reporter;
  private final Configuration configuration;
  private final TaskStatus status;
  private final Consumer<Event> events;
  private long deadlineNanos;
  private boolean begun;

  /**
   * Reports by a client of the API.
   *
   * @param events where answers go; safe for any thread
   */
  Reports(
      Reporter reporter, Configuration configuration, TaskStatus status, Consumer<Event> events) {
    this.reporter = requireNonNull(reporter, "reporter is null");
    this.configuration = requireNonNull(configuration, "configuration is null");
    this.status = requireNonNull(status, "status is null");
    this.events = requireNonNull(events, "events is null");
  }

  void unclaim() {
    if (configuration.taskId().isEmpty()) {
      events.accept(
          new Event.Unclaimed(
              Optional.of("task_id: needed to retry a task, but missing or empty")));
      return;
    }
    Duration budget = min(UNCLAIM_SHARE, left());
    call(
        "/api/v3/runner/unclaim",
        () -> reporter.unclaim(configuration.taskId(), budget),
        Event.Unclaimed::new);
  }

  void sendFail(String message) {
    Duration budget = left();
    call(
        "/api/v2/task/event/fail",
        () -> reporter.fail(configuration.allocation(), message, budget),
        Event.FailSent::new);
  }

  private Duration left() {
    if (!begun) {
      begun = true;
      deadlineNanos = System.nanoTime() + Orchestrator.REPORT_LIMIT.toNanos();
    }
    return Duration.ofNanos(Math.max(0, deadlineNanos - System.nanoTime()));
  }

  private void call(
      String route, Supplier<Reporter.Outcome> call, Function<Optional<String>, Event> answer) {
    Runnable run =
        () -> {
          Optional<String> error = outcome(call);
          status.apiCalled(new ApiCall(route, error.isEmpty() ? "success" : "error"));
          events.accept(answer.apply(error));
        };
    try {
      Thread thread = new Thread(null, run, "runner-api", STACK_BYTES);
      thread.setDaemon(true);
      thread.start();
    } catch (OutOfMemoryError e) {
      // No thread is to be had: a report that holds up the signals is better than none.
      run.run();
    }
  }

  /** Whatever goes wrong is an answer: without one the task would wait for its time limit. */
  private static Optional<String> outcome(Supplier<Reporter.Outcome> call) {
    try {
      return switch (call.get()) {
        case Reporter.Outcome.Told() -> Optional.empty();
        case Reporter.Outcome.NotTold(String reason) -> Optional.of(reason);
      };
    } catch (RuntimeException | Error e) {
      return Optional.of("error calling CircleCI runner API: " + rootCause(e));
    }
  }

  private static Throwable rootCause(Throwable e) {
    Throwable cause = e.getCause();
    return cause == null ? e : rootCause(cause);
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
