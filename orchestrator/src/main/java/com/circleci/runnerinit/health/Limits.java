package com.circleci.runnerinit.health;

import java.time.Duration;

/**
 * What the server grants its clients.
 *
 * @param connections how many may be open at a time; the oldest makes room for one more
 * @param request time to send a request's head, from the accept
 * @param answer time to take an answer
 * @param linger time to notice the answer and to close, after which unread input no longer matters
 * @param acceptPause rest after a failure to accept, such as {@code EMFILE}, with no connection
 *     left to close
 */
record Limits(
    int connections, Duration request, Duration answer, Duration linger, Duration acceptPause) {
  static final Limits DEFAULT =
      new Limits(
          128,
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(1),
          Duration.ofMillis(20));

  Limits {
    if (connections < 1) {
      throw new IllegalArgumentException("connections is " + connections);
    }
  }
}
