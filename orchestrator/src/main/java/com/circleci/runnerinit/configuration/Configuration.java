package com.circleci.runnerinit.configuration;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A task's configuration, as the container agent injects it, as far as it can be read. A text that
 * was not given is empty.
 *
 * @param command the custom entrypoint to run beside the task; empty: none
 * @param user whom to run the task agent as, in Docker's grammar
 * @param readinessFile the file that says that the service containers are up
 * @param enableUnsafeRetries whether to unclaim even a task that may have run
 * @param taskAgentPath the task agent, and maybe arguments after it
 * @param problem what is wrong, by the names of fields and never by a value; empty: all is well
 */
public record Configuration(
    List<String> command,
    String user,
    String taskId,
    String readinessFile,
    boolean enableUnsafeRetries,
    Secret token,
    String taskAgentPath,
    String runnerApiBaseUrl,
    String allocation,
    String sshAdvertiseAddress,
    Duration maxRunTime,
    Optional<String> problem) {
  public Configuration {
    command = List.copyOf(command);
  }

  /** Whether the runner API can be told of a failure. */
  public boolean canReport() {
    return !token.isEmpty() && !allocation.isEmpty() && !runnerApiBaseUrl.isEmpty();
  }
}
