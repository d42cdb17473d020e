package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

/**
 * Why a task did not go well.
 *
 * @param message what happened, to what and why
 * @param retryable whether the task has certainly not run, so that it can be run again
 * @param withAgentOutput whether the end of the task agent's standard error belongs to the message
 */
public record Failure(String message, boolean retryable, boolean withAgentOutput) {
  private static final String ADVICE = "Check container logs for more details";

  public Failure {
    requireNonNull(message, "message is null");
  }

  static Failure retryable(String message) {
    return new Failure(message, true, false);
  }

  static Failure notRetryable(String message) {
    return new Failure(message, false, false);
  }

  static Failure ofAgent(String message) {
    return new Failure(message, false, true);
  }

  /**
   * The text that the user reads.
   *
   * @param agentOutput what was kept of the task agent's standard error
   */
  public String describe(String agentOutput) {
    String output = withAgentOutput && !agentOutput.isBlank() ? ": " + agentOutput : "";
    return message + output + ": " + ADVICE;
  }
}
