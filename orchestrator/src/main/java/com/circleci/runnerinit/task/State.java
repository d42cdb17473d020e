package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import java.util.OptionalInt;

/** Where in the flow a task is. */
sealed interface State {
  /** Before the task agent: nothing of the task has run. */
  sealed interface Early extends State {}

  record NotBegun() implements Early {}

  record OpeningHealth() implements Early {}

  record ResolvingUser() implements Early {}

  record StartingEntrypoint() implements Early {}

  record AwaitingReadiness() implements Early {}

  /**
   * The task agent may have been started.
   *
   * @param signal that asked for a shutdown meanwhile
   */
  record StartingAgent(OptionalInt signal) implements State {
    public StartingAgent {
      requireNonNull(signal, "signal is null");
    }
  }

  record AgentRunning(Shutdown shutdown) implements State {
    public AgentRunning {
      requireNonNull(shutdown, "shutdown is null");
    }
  }

  /** How far a shutdown has come while the task agent runs. */
  enum Shutdown {
    NOT_ASKED,
    DELAYED,
    GRACE,
    TERMINATING,
    KILLING
  }

  /** The task is over, and its processes are on their way out. */
  sealed interface Ending extends State {
    /** Empty: the task went well. */
    Optional<Failure> failure();
  }

  record StoppingEntrypoint(Optional<Failure> failure) implements Ending {
    public StoppingEntrypoint {
      requireNonNull(failure, "failure is null");
    }
  }

  record Sweeping(Optional<Failure> failure) implements Ending {
    public Sweeping {
      requireNonNull(failure, "failure is null");
    }
  }

  record DrainingOutput(Optional<Failure> failure) implements Ending {
    public DrainingOutput {
      requireNonNull(failure, "failure is null");
    }
  }

  record Unclaiming(Failure failure) implements State {
    public Unclaiming {
      requireNonNull(failure, "failure is null");
    }
  }

  record SendingFail(Failure failure, Optional<String> unclaimError) implements State {
    public SendingFail {
      requireNonNull(failure, "failure is null");
      requireNonNull(unclaimError, "unclaimError is null");
    }
  }

  record Ended() implements State {}
}
