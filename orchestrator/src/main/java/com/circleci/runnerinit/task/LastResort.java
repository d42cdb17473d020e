package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.clients.runner.Reporter;
import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.WaitResult;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.task.process.Descendants;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What is done when the event loop can't go on: the kernel refuses what it needs, or a bug. */
final class LastResort {
  private static final Duration LOOK_AGAIN = Duration.ofMillis(10);

  private final Kernel kernel;
  private final Reporter reporter;
  private final EventLog log;

  LastResort(Kernel kernel, Reporter reporter, EventLog log) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.reporter = requireNonNull(reporter, "reporter is null");
    this.log = requireNonNull(log, "log is null");
  }

  /** Ends the task's processes, then reports: to retry when nothing ran, else as failed. */
  Action.End end(Configuration configuration, TaskProcesses processes, Throwable cause) {
    String message = "error in the orchestrator: " + cause;
    log.event("run-task").error(message).write();
    boolean gone;
    try {
      gone = killAll();
    } catch (KernelException e) {
      gone = false;
    }
    boolean retryable =
        gone && (!processes.hasStartedAgent() || configuration.enableUnsafeRetries());
    return report(configuration, new Failure(message, retryable, false, false));
  }

  /** Whether nothing is left. */
  private boolean killAll() throws KernelException {
    Descendants descendants = new Descendants(kernel);
    long deadline = System.nanoTime() + Orchestrator.DEATH_LIMIT.toNanos();
    descendants.kill();
    while (System.nanoTime() - deadline < 0) {
      switch (kernel.processes().waitForAnyChild()) {
        case WaitResult.Reaped _ -> descendants.kill();
        case WaitResult.AllRunning() ->
            kernel.descriptors().poll(List.of(), Optional.of(LOOK_AGAIN));
        case WaitResult.NoChildren() -> {
          return true;
        }
      }
    }
    return false;
  }

  private Action.End report(Configuration configuration, Failure failure) {
    if (!configuration.canReport()) {
      return new Action.End(ExitCode.FAILED, List.of(failure.message()));
    }
    if (failure.retryable() && isUnclaimed(configuration)) {
      return new Action.End(ExitCode.HANDLED, List.of());
    }
    return switch (reporter.fail(
        configuration.allocation(), failure.describe(Evidence.NONE), budget())) {
      case Reporter.Outcome.Told() -> new Action.End(ExitCode.HANDLED, List.of());
      case Reporter.Outcome.NotTold(String reason) ->
          new Action.End(ExitCode.FAILED, List.of(failure.message(), reason));
    };
  }

  private boolean isUnclaimed(Configuration configuration) {
    return switch (reporter.unclaim(configuration.taskId(), budget())) {
      case Reporter.Outcome.Told() -> true;
      case Reporter.Outcome.NotTold(String reason) -> {
        log.event("run-task").error(Orchestrator.RETRY_FAILED + reason).write();
        yield false;
      }
    };
  }

  private static Duration budget() {
    return Orchestrator.REPORT_LIMIT.dividedBy(2);
  }
}
