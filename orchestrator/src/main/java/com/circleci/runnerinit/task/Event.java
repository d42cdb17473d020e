package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.ExitStatus;
import java.util.Optional;

/** What has happened: all that the orchestrator decides upon. */
public sealed interface Event {
  /** The run begins. */
  record Begun() implements Event {}

  /** The health server listens. */
  record Listening() implements Event {}

  record ListenFailed(String reason) implements Event {
    public ListenFailed {
      requireNonNull(reason, "reason is null");
    }
  }

  /** The task agent's user was found. */
  record UserResolved() implements Event {}

  record Started(Role role) implements Event {
    public Started {
      requireNonNull(role, "role is null");
    }
  }

  /** A child, or the user that it was to run as, could not be had. */
  record StartFailed(Role role, String reason) implements Event {
    public StartFailed {
      requireNonNull(role, "role is null");
      requireNonNull(reason, "reason is null");
    }
  }

  /** The readiness file exists. */
  record ReadinessFileExists() implements Event {}

  record SignalReceived(int signal) implements Event {}

  record Exited(Role role, ExitStatus status) implements Event {
    public Exited {
      requireNonNull(role, "role is null");
      requireNonNull(status, "status is null");
    }
  }

  record TimerEnded(Timer timer) implements Event {
    public TimerEnded {
      requireNonNull(timer, "timer is null");
    }
  }

  /** No descendant of this process is left. */
  record ProcessesGone() implements Event {}

  /** All that will be kept of the task agent's standard error is there. */
  record OutputDrained() implements Event {}

  /**
   * The unclaim call has ended.
   *
   * @param error empty: the task will be run again
   */
  record Unclaimed(Optional<String> error) implements Event {
    public Unclaimed {
      requireNonNull(error, "error is null");
    }
  }

  /**
   * The fail event's call has ended.
   *
   * @param error empty: the user will see the failure
   */
  record FailSent(Optional<String> error) implements Event {
    public FailSent {
      requireNonNull(error, "error is null");
    }
  }
}
