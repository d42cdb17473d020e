package com.circleci.runnerinit.task;

import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.configuration.Secret;
import java.time.Duration;
import java.util.List;

/** Configurations for tests of the decision core. */
final class Configurations {
  private Configurations() {}

  /**
   * One whose failures the runner API can be told of.
   *
   * @param command the custom entrypoint; empty: none
   * @param readinessFile empty: none
   */
  static Configuration configuration(
      List<String> command, String readinessFile, boolean unsafeRetries) {
    return configuration(command, readinessFile, unsafeRetries, "http://localhost");
  }

  /**
   * @param runnerApiBaseUrl empty: the runner API can't be told of a failure
   */
  static Configuration configuration(
      List<String> command, String readinessFile, boolean unsafeRetries, String runnerApiBaseUrl) {
    return new Configuration(
        command,
        "",
        "task",
        readinessFile,
        unsafeRetries,
        new Secret("token"),
        "/agent",
        runnerApiBaseUrl,
        "allocation",
        "",
        Duration.ZERO);
  }
}
