package com.circleci.runnerinit.clients.runner;

import static java.util.Objects.requireNonNull;

/** The runner API's routes that are called. */
enum Route {
  UNCLAIM("/api/v3/runner/unclaim"),
  FAIL("/api/v2/task/event/fail");

  private final String path;

  Route(String path) {
    this.path = requireNonNull(path, "path is null");
  }

  String path() {
    return path;
  }
}
