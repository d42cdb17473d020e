package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.ExitStatus;
import java.time.Duration;
import java.util.Optional;

/** What the orchestrator wants the operator to know. */
public sealed interface Notice {
  record ShutdownSignal(int signal, Duration delay) implements Notice {
    public ShutdownSignal {
      requireNonNull(delay, "delay is null");
    }
  }

  record GracePeriodOver() implements Notice {}

  record EntrypointEnded(ExitStatus status) implements Notice {
    public EntrypointEnded {
      requireNonNull(status, "status is null");
    }
  }

  /** Some process outlived SIGKILL. */
  record LeftoversRemain() implements Notice {}

  /** The runner API has taken the task back. */
  record Retrying(Failure failure) implements Notice {
    public Retrying {
      requireNonNull(failure, "failure is null");
    }
  }

  /**
   * The runner API was told why the task failed.
   *
   * @param unclaimError why the task could not be retried before; empty: that was not tried
   */
  record Reported(Failure failure, Optional<String> unclaimError) implements Notice {
    public Reported {
      requireNonNull(failure, "failure is null");
      requireNonNull(unclaimError, "unclaimError is null");
    }
  }
}
