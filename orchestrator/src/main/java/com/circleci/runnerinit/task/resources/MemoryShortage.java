package com.circleci.runnerinit.task.resources;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * The memory is nearly used up.
 *
 * @param inUse bytes that can't be reclaimed
 * @param limit bytes
 * @param biggest the process that has most of it
 */
public record MemoryShortage(long inUse, long limit, Optional<ProcessSize> biggest) {
  public MemoryShortage {
    requireNonNull(biggest, "biggest is null");
  }

  /**
   * A process and its size.
   *
   * @param name as the kernel has it: at most 15 bytes
   * @param resident bytes
   */
  public record ProcessSize(String name, long resident) {
    public ProcessSize {
      requireNonNull(name, "name is null");
    }
  }
}
