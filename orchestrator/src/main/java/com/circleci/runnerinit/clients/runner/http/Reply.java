package com.circleci.runnerinit.clients.runner.http;

import java.util.Optional;

/** What came of one exchange. */
public sealed interface Reply {
  /**
   * The server answered.
   *
   * @param retryAfter the value of its {@code Retry-After} header
   */
  record Answer(int status, Optional<String> retryAfter) implements Reply {}

  /** The exchange broke off; another may succeed. */
  record Broken(String reason) implements Reply {}

  /** The exchange can't be tried, now or later. */
  record Impossible(String reason) implements Reply {}
}
