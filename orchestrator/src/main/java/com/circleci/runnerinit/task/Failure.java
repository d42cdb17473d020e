package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

/**
 * Why a task did not go well.
 *
 * @param message what happened, to what and why
 * @param retryable whether the task has certainly not run, so that it can be run again
 * @param ofAgent whether the task agent itself failed, so that the end of its standard error
 *     belongs to the message
 * @param wasKilled whether the task agent, or what it ran, ended by SIGKILL
 */
public record Failure(String message, boolean retryable, boolean ofAgent, boolean wasKilled) {
  private static final String ADVICE = "Check container logs for more details";

  public Failure {
    requireNonNull(message, "message is null");
  }

  static Failure retryable(String message) {
    return new Failure(message, true, false, false);
  }

  static Failure notRetryable(String message) {
    return new Failure(message, false, false, false);
  }

  static Failure ofAgent(String message, boolean wasKilled) {
    return new Failure(message, false, true, wasKilled);
  }

  /** The text that the user reads. */
  public String describe(Evidence evidence) {
    StringBuilder text = new StringBuilder(message);
    if (wasKilled) {
      evidence.outOfMemory().ifPresent(reason -> text.append(": ").append(reason));
    }
    if (ofAgent && !evidence.agentOutput().isBlank()) {
      text.append(": ").append(evidence.agentOutput());
    }
    return text.append(": ").append(ADVICE).toString();
  }
}
