package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.List;

/** What is to be done next: all that the orchestrator can decide. */
public sealed interface Action {
  /** Answered by {@link Event.Listening} or {@link Event.ListenFailed}. */
  record Listen() implements Action {}

  /** Answered by {@link Event.UserResolved} or {@link Event.StartFailed}. */
  record ResolveUser() implements Action {}

  /** Answered by {@link Event.Started} or {@link Event.StartFailed}. */
  record Start(Role role) implements Action {
    public Start {
      requireNonNull(role, "role is null");
    }
  }

  /** From now on the readiness probe succeeds. */
  record BecomeReady() implements Action {}

  /** Answered by {@link Event.ReadinessFileExists}. */
  record AwaitReadinessFile() implements Action {}

  record StopAwaitingReadinessFile() implements Action {}

  record SetTimer(Timer timer, Duration delay) implements Action {
    public SetTimer {
      requireNonNull(timer, "timer is null");
      requireNonNull(delay, "delay is null");
    }
  }

  record CancelTimer(Timer timer) implements Action {
    public CancelTimer {
      requireNonNull(timer, "timer is null");
    }
  }

  /** Sends a signal to a child's process group. */
  record SignalGroup(Role role, int signal) implements Action {
    public SignalGroup {
      requireNonNull(role, "role is null");
    }
  }

  /** Kills every descendant, until {@link Event.ProcessesGone}. */
  record KillEverything() implements Action {}

  /** Tells what the task took: its processes are gone. */
  record SumUp() implements Action {}

  /** Answered by {@link Event.OutputDrained} within a short time, whoever holds the pipe. */
  record DrainOutput() implements Action {}

  /** Tells the container's owner, beside the runner API, why it ends. */
  record Explain(Failure failure) implements Action {
    public Explain {
      requireNonNull(failure, "failure is null");
    }
  }

  /** Answered by {@link Event.Unclaimed}. */
  record Unclaim() implements Action {}

  /** Answered by {@link Event.FailSent}. */
  record SendFail(Failure failure) implements Action {
    public SendFail {
      requireNonNull(failure, "failure is null");
    }
  }

  /** Writes a line into the log. */
  record Log(Notice notice) implements Action {
    public Log {
      requireNonNull(notice, "notice is null");
    }
  }

  /**
   * The last action.
   *
   * @param untold the errors that nobody was told of; empty on success and when the failure was
   *     handled
   */
  record End(ExitCode code, List<String> untold) implements Action {
    public End {
      requireNonNull(code, "code is null");
      untold = List.copyOf(untold);
    }
  }
}
