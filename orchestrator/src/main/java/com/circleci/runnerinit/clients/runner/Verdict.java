package com.circleci.runnerinit.clients.runner;

/** What an answer's status means for a call. */
enum Verdict {
  /** The API took it. */
  SUCCESS,
  /** The task can't be returned to the queue again. */
  EXHAUSTED,
  /** Another attempt may succeed. */
  RETRY,
  /**
   * Another attempt may succeed once the time that the API names has passed; it is final without.
   */
  RETRY_WHEN_ASKED,
  /** Another attempt would fail in the same way. A redirect too: the token goes nowhere else. */
  FINAL;

  private static final int CONFLICT = 409;
  private static final int TOO_MANY_REQUESTS = 429;

  static Verdict of(Route route, int status) {
    if (status >= 200 && status < 300) {
      return SUCCESS;
    }
    if (status == CONFLICT && route == Route.UNCLAIM) {
      return EXHAUSTED;
    }
    if (status == TOO_MANY_REQUESTS) {
      return RETRY_WHEN_ASKED;
    }
    return status >= 500 ? RETRY : FINAL;
  }
}
