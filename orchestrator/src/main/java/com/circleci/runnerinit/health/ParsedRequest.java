package com.circleci.runnerinit.health;

import static java.util.Objects.requireNonNull;

/** What became of the bytes of a request's head. */
sealed interface ParsedRequest {
  /**
   * A request that can be answered.
   *
   * @param path the target's path, without its query
   * @param persistent whether the connection goes on after the answer
   */
  record Request(String method, String path, boolean persistent) implements ParsedRequest {
    public Request {
      requireNonNull(method, "method is null");
      requireNonNull(path, "path is null");
    }

    boolean isHead() {
      return method.equals("HEAD");
    }

    boolean isRead() {
      return isHead() || method.equals("GET");
    }
  }

  /**
   * A request that is refused for its form; the connection ends with the answer.
   *
   * @param status the HTTP status that says so
   */
  record Refused(int status) implements ParsedRequest {}
}
