package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.ExitStatus;
import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogEvent;
import com.circleci.runnerinit.task.resources.MemoryShortage;
import com.circleci.runnerinit.task.resources.ResourceUse;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Optional;

/** Puts the orchestrator's notices into the words of the log. */
final class Narrator {
  private final EventLog log;
  private final LogEvent run;
  private Optional<LogEvent> task = Optional.empty();

  Narrator(EventLog log) {
    this.log = requireNonNull(log, "log is null");
    run = log.event("run-task");
  }

  void tell(Notice notice, Evidence evidence) {
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
              .attribute("error", retrying.failure().describe(evidence))
              .write();
      case Notice.Reported reported ->
          log.event("reported the task as failed")
              .attribute("error", describe(reported, evidence))
              .write();
    }
  }

  private static String describe(Notice.Reported reported, Evidence evidence) {
    String failure = reported.failure().describe(evidence);
    return reported
        .unclaimError()
        .map(error -> failure + "; " + Orchestrator.RETRY_FAILED + error)
        .orElse(failure);
  }

  void tellStarted(Role role) {
    log.event(role + " started").write();
    if (role == Role.AGENT) {
      task = Optional.of(log.event("task ended"));
    }
  }

  /** To be told with what the task took, when all of its processes are gone. */
  void noteAgentExit(ExitStatus status) {
    task.ifPresent(line -> line.with("exit", status).with("duration_seconds", seconds(line.age())));
  }

  /** Sums up a task that has run. */
  void tellTaskEnded(ResourceUse use, long orphansReaped) {
    task.ifPresent(line -> {
      use.cpuTime().ifPresent(time -> line.with("cpu_seconds", seconds(time)));
      use.cpuThrottled().ifPresent(time -> line.with("cpu_throttled_seconds", seconds(time)));
      use.memoryPeak().ifPresent(bytes -> line.with("memory_peak_bytes", bytes));
      use.memoryLimit().ifPresent(bytes -> line.with("memory_limit_bytes", bytes));
      use.oomKills().ifPresent(kills -> line.with("oom_kills", kills));
      use.processesPeak().ifPresent(processes -> line.with("processes_peak", processes));
      line.with("orphans_reaped", orphansReaped).write();
    });
  }

  void tell(MemoryShortage shortage) {
    LogEvent line =
        log.event("memory is nearly used up")
            .with("memory_in_use_bytes", shortage.inUse())
            .with("memory_limit_bytes", shortage.limit())
            .warning("at the limit, the kernel kills processes of the task");
    shortage
        .biggest()
        .ifPresent(process ->
            line.with("biggest_process", process.name())
                .with("biggest_process_bytes", process.resident()));
    line.write();
  }

  private static BigDecimal seconds(Duration time) {
    return BigDecimal.valueOf(time.toMillis(), 3);
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
