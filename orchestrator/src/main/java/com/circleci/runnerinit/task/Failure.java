package com.circleci.runnerinit.task;

import com.circleci.runnerinit.linux.ExitStatus;
import java.util.Optional;

/** Why a task did not go well. */
sealed interface Failure {
  String ADVICE = "Check container logs for more details";

  /** Whether the task has certainly not run, so that it can be run again. */
  boolean isRetryable();

  /** What happened, to what and why. */
  String message();

  /** The text that the user reads. */
  default String describe(String agentOutput) {
    return message() + ": " + ADVICE;
  }

  /** The task could not be run, or not be run to its end. */
  record OfTask(String message, boolean isRetryable) implements Failure {}

  /**
   * The task agent itself has failed: its user is helped by the end of its standard error.
   *
   * @param outOfMemory what the kernel had killed by then for lack of memory, in words
   */
  record OfAgent(ExitStatus status, Optional<String> outOfMemory) implements Failure {
    @Override
    public boolean isRetryable() {
      return false;
    }

    @Override
    public String message() {
      return "error while executing task agent: task agent command exited with an unexpected error: "
          + status;
    }

    @Override
    public String describe(String agentOutput) {
      // A kill that hit something else than the agent has not ended the task.
      String kill = status.isKill() ? outOfMemory.map(reason -> ": " + reason).orElse("") : "";
      String output = agentOutput.isBlank() ? "" : ": " + agentOutput;
      return message() + kill + output + ": " + ADVICE;
    }
  }

  static Failure retryable(String message) {
    return new OfTask(message, true);
  }

  static Failure notRetryable(String message) {
    return new OfTask(message, false);
  }
}
