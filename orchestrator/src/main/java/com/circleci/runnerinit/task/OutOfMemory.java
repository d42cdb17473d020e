package com.circleci.runnerinit.task;

import java.util.Optional;
import java.util.OptionalLong;

/** Words for what the kernel killed because the container's memory was used up. */
final class OutOfMemory {
  private static final long MIB = 1024 * 1024;

  private OutOfMemory() {}

  /**
   * Puts a count of kills into words.
   *
   * @param kills since the run began; empty when that can't be read
   * @param limit of the container's memory in bytes; empty when there is none
   */
  static Optional<String> describe(OptionalLong kills, OptionalLong limit) {
    long killed = kills.orElse(0);
    if (killed <= 0) {
      return Optional.empty();
    }
    String processes = killed == 1 ? "1 process" : killed + " processes";
    String where =
        limit.isPresent() ? " at the memory limit of " + mebibytes(limit.getAsLong()) : "";
    return Optional.of("out of memory (OOM): the kernel killed " + processes + where);
  }

  private static String mebibytes(long bytes) {
    long tenths = bytes * 10 / MIB;
    return tenths / 10 + (tenths % 10 == 0 ? "" : "." + tenths % 10) + " MiB";
  }
}
