package com.circleci.runnerinit.task.resources;

import java.util.List;
import java.util.OptionalLong;

/** What is read of a control group, and where each version of cgroups(7) has it. */
@SuppressWarnings("ImmutableEnumChecker") // of a copied list, it does not know
enum Counter {
  /** Bytes. */
  MEMORY_LIMIT(unified("memory.max"), legacy("memory", "memory.limit_in_bytes")),
  /** Bytes, file cache included. */
  MEMORY_IN_USE(unified("memory.current"), legacy("memory", "memory.usage_in_bytes")),
  /** Bytes that the kernel gives up before it kills a process. */
  MEMORY_RECLAIMABLE(
      unified("memory.stat", "active_file", "inactive_file", "slab_reclaimable"),
      legacy("memory", "memory.stat", "total_active_file", "total_inactive_file")),
  /** Bytes, file cache included. */
  MEMORY_PEAK(unified("memory.peak"), legacy("memory", "memory.max_usage_in_bytes")),
  OOM_KILLS(
      unified("memory.events", "oom_kill"), legacy("memory", "memory.oom_control", "oom_kill")),
  /** Microseconds in a unified group, else nanoseconds. */
  CPU_TIME(unified("cpu.stat", "usage_usec"), legacy("cpuacct", "cpuacct.usage")),
  /** Microseconds in a unified group, else nanoseconds. */
  CPU_THROTTLED(unified("cpu.stat", "throttled_usec"), legacy("cpu", "cpu.stat", "throttled_time")),
  /** Processes and threads. */
  PROCESSES_PEAK(unified("pids.peak"), legacy("pids", "pids.peak"));

  /** What is larger stands for "no limit". */
  private static final long MAX = 1L << 60;

  private final Source unified;
  private final Source legacy;

  Counter(Source unified, Source legacy) {
    this.unified = unified;
    this.legacy = legacy;
  }

  Source in(ControlGroup.Version version) {
    return switch (version) {
      case UNIFIED -> unified;
      case LEGACY -> legacy;
    };
  }

  /**
   * A file of numbers.
   *
   * @param controller whose hierarchy has the file; empty: there is only one
   * @param keys of the lines whose values are added up; empty: the file is the number
   */
  record Source(String controller, String file, List<String> keys) {
    Source {
      keys = List.copyOf(keys);
    }

    /** Finds the value in the file's text; empty when there is none, or no limit. */
    OptionalLong find(String text) {
      if (keys.isEmpty()) {
        return number(text);
      }
      OptionalLong sum = OptionalLong.empty();
      for (String line : text.split("\n", -1)) {
        int space = line.indexOf(' ');
        if (space > 0 && keys.contains(line.substring(0, space))) {
          OptionalLong value = number(line.substring(space));
          if (value.isPresent()) {
            sum = OptionalLong.of(sum.orElse(0) + value.getAsLong());
          }
        }
      }
      return sum;
    }

    private static OptionalLong number(String text) {
      try {
        long value = Long.parseLong(text.strip());
        return value < 0 || value > MAX ? OptionalLong.empty() : OptionalLong.of(value);
      } catch (NumberFormatException e) {
        return OptionalLong.empty();
      }
    }
  }

  private static Source unified(String file, String... keys) {
    return new Source("", file, List.of(keys));
  }

  private static Source legacy(String controller, String file, String... keys) {
    return new Source(controller, file, List.of(keys));
  }
}
