package com.circleci.runnerinit.clients.runner;

import java.time.Duration;

/** The party that is told how a task ended when the task agent can't tell it. */
public interface Reporter {
  /**
   * Returns a task to the queue, so that it runs again elsewhere.
   *
   * @param budget the longest this call may take, retries included
   * @throws RunnerApiException if the task was not returned; its message is fit for the log
   */
  void unclaim(String taskId, Duration budget) throws RunnerApiException;

  /**
   * Fails a task with a message for the person who looks at its page.
   *
   * @param budget the longest this call may take, retries included
   * @throws RunnerApiException if the failure was not taken; its message is fit for the log
   */
  void fail(String allocation, String message, Duration budget) throws RunnerApiException;
}
