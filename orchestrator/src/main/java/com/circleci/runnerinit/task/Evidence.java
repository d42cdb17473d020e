package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * What is known of the end of the task agent, beside its status.
 *
 * @param agentOutput what was kept of its standard error
 * @param outOfMemory what the kernel killed because the memory was used up, in words; empty when
 *     nothing is known of such a kill
 */
public record Evidence(String agentOutput, Optional<String> outOfMemory) {
  static final Evidence NONE = new Evidence("", Optional.empty());

  public Evidence {
    requireNonNull(agentOutput, "agentOutput is null");
    requireNonNull(outOfMemory, "outOfMemory is null");
  }
}
