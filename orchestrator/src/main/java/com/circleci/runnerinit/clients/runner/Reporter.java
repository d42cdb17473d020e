package com.circleci.runnerinit.clients.runner;

import java.time.Duration;
import java.util.Optional;

/**
 * The party that is told how a task ended when the task agent can't tell it. A call takes no longer
 * than its budget, retries included.
 */
public interface Reporter {
  sealed interface Outcome {
    record Told() implements Outcome {}

    /** For a reason in one line, fit for the log, which never holds the token. */
    record NotTold(String reason) implements Outcome {}
  }

  /** Returns a task to the queue, so that it runs again elsewhere. */
  Outcome unclaim(String taskId, Duration budget);

  /** Fails a task with a message for the person who looks at its page. */
  Outcome fail(String allocation, String message, Duration budget);

  /** Of the attempts of a call that goes on: for whoever can't wait for its end. */
  Optional<Outcome.NotTold> lastFailure();
}
