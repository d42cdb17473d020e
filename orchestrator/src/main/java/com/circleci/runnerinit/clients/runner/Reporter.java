package com.circleci.runnerinit.clients.runner;

import java.time.Duration;

/** The party that is told how a task ended when the task agent can't tell it. */
public interface Reporter {
  /** What became of a report. */
  sealed interface Outcome {
    /** It was taken. */
    record Told() implements Outcome {}

    /**
     * It was not taken.
     *
     * @param reason in one line, fit for the log; it never holds the token
     */
    record NotTold(String reason) implements Outcome {}
  }

  /**
   * Returns a task to the queue, so that it runs again elsewhere.
   *
   * @param budget the longest this call may take, retries included
   */
  Outcome unclaim(String taskId, Duration budget);

  /**
   * Fails a task with a message for the person who looks at its page.
   *
   * @param budget the longest this call may take, retries included
   */
  Outcome fail(String allocation, String message, Duration budget);
}
