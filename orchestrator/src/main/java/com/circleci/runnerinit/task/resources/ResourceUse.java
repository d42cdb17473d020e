package com.circleci.runnerinit.task.resources;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a task took of its container; what could not be read is empty.
 *
 * @param cpuThrottled how long its processes had to wait for the CPU limit's next period
 * @param memoryPeak bytes, file cache included
 * @param memoryLimit bytes; empty also when there is no limit
 * @param oomKills processes that the kernel killed because the memory was used up
 * @param processesPeak processes and threads at once
 */
public record ResourceUse(
    Optional<Duration> cpuTime,
    Optional<Duration> cpuThrottled,
    OptionalLong memoryPeak,
    OptionalLong memoryLimit,
    OptionalLong oomKills,
    OptionalLong processesPeak) {
  public ResourceUse {
    requireNonNull(cpuTime, "cpuTime is null");
    requireNonNull(cpuThrottled, "cpuThrottled is null");
    requireNonNull(memoryPeak, "memoryPeak is null");
    requireNonNull(memoryLimit, "memoryLimit is null");
    requireNonNull(oomKills, "oomKills is null");
    requireNonNull(processesPeak, "processesPeak is null");
  }
}
