package com.circleci.runnerinit.testing;

import java.util.Arrays;
import java.util.Optional;

/** The two calls that the orchestrator makes to the runner API. */
public enum Route {
  UNCLAIM("/api/v3/runner/unclaim"),
  FAIL("/api/v2/task/event/fail");

  private final String path;

  Route(String path) {
    this.path = path;
  }

  public String path() {
    return path;
  }

  static Optional<Route> of(String path) {
    return Arrays.stream(values()).filter(route -> route.path.equals(path)).findFirst();
  }
}
