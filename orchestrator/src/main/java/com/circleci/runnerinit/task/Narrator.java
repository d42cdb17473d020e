package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogEvent;

/** Puts the orchestrator's notices into the words of the log. */
final class Narrator {
  private final EventLog log;
  private final LogEvent run;

  Narrator(EventLog log) {
    this.log = requireNonNull(log, "log is null");
    run = log.event("run-task");
  }

  void tell(Notice notice, String agentOutput) {
    switch (notice) {
      case Notice.ShutdownSignal shutdown ->
          log.event("system: shutdown signal received")
              .with("delay", shutdown.delay().toMillis())
              .with("signal", Signals.describe(shutdown.signal()))
              .write();
      case Notice.GracePeriodOver() -> log.event("termination grace period is over").write();
      case Notice.EntrypointEnded ended ->
          log.event("custom entrypoint ended before the task")
              .with("status", ended.status())
              .write();
      case Notice.LeftoversRemain() ->
          log.event("orchestrator: kill processes")
              .warning("some process did not die of SIGKILL in time")
              .write();
      case Notice.Retrying retrying ->
          log.event("retrying task after encountering a retryable error")
              .attribute("error", retrying.failure().describe(agentOutput))
              .write();
      case Notice.Reported reported ->
          log.event("reported the task as failed")
              .attribute("error", describe(reported, agentOutput))
              .write();
    }
  }

  private static String describe(Notice.Reported reported, String agentOutput) {
    String failure = reported.failure().describe(agentOutput);
    return reported
        .unclaimError()
        .map(error -> failure + "; " + Orchestrator.RETRY_FAILED + error)
        .orElse(failure);
  }

  void tellStarted(Role role) {
    log.event(role + " started").write();
  }

  void tellReadinessFileExists(LogEvent wait) {
    wait.with("ready", true).success().write();
  }

  void tellReadinessWaitEnded(LogEvent wait) {
    wait.with("ready", false).write();
  }

  LogEvent beginReadinessWait() {
    return log.event("orchestrator: wait-for-readiness");
  }

  /** The closing line of the run. */
  void tellEnd(Action.End end, long orphansReaped) {
    run.with("orphans_reaped", orphansReaped);
    if (end.untold().isEmpty()) {
      run.success();
    } else {
      run.error(String.join("; ", end.untold()));
    }
    run.write();
  }
}
