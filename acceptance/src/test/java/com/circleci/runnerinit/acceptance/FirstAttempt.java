package com.circleci.runnerinit.acceptance;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.testing.Route;

/** The first call of the runner API, for a test that need not see the budget spent. */
final class FirstAttempt {
  private FirstAttempt() {}

  /**
   * Waits for the first attempt at a fail event, ends the container, and returns what was wrong.
   */
  static String error(Container container) {
    var attempt = container.stdout().awaitEvent("POST " + Route.FAIL.path());
    container.kill();
    container.exitCode();
    return attempt.fields().getOrDefault("error", "");
  }
}
