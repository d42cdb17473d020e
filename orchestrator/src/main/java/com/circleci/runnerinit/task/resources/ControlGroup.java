package com.circleci.runnerinit.task.resources;

import com.circleci.runnerinit.linux.CStrings;
import com.circleci.runnerinit.linux.Files;
import com.circleci.runnerinit.linux.KernelException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The control group of this process, of either version of cgroups(7), below the usual {@code
 * /sys/fs/cgroup}: in a container, the container's. What it does not tell is empty.
 */
final class ControlGroup {
  private static final String MOUNT = "/sys/fs/cgroup";
  private static final String ROOT = "/";
  private static final int FILE_BYTES = 16 * 1024;

  private final Files files;
  private final boolean unified;

  /** Of each controller, the path of the group below its hierarchy's root. */
  private final Map<String, String> membership;

  private ControlGroup(Files files, boolean unified, Map<String, String> membership) {
    this.files = files;
    this.unified = unified;
    this.membership = membership;
  }

  /** Empty when there is none to be seen. */
  static Optional<ControlGroup> own(Files files) {
    boolean unified = files.exists(MOUNT + "/cgroup.controllers");
    return unified || files.exists(MOUNT + "/memory")
        ? Optional.of(new ControlGroup(files, unified, membership(files)))
        : Optional.empty();
  }

  private static Map<String, String> membership(Files files) {
    try {
      return parseMembership(CStrings.decode(files.read("/proc/self/cgroup", FILE_BYTES)));
    } catch (KernelException e) {
      return Map.of();
    }
  }

  /**
   * Parses {@code /proc/PID/cgroup}.
   *
   * @return paths by controller, the unified hierarchy's under the empty name
   */
  static Map<String, String> parseMembership(String text) {
    Map<String, String> paths = new HashMap<>();
    for (String line : text.split("\n", -1)) {
      String[] fields = line.split(":", 3);
      if (fields.length == 3 && fields[2].startsWith(ROOT) && !fields[2].startsWith("/..")) {
        for (String controller : List.of(fields[1].split(",", -1))) {
          paths.put(controller, fields[2]);
        }
      }
    }
    return paths;
  }

  /** A figure that both versions have, each in a file of its own. */
  enum Figure {
    /** Bytes; empty when there is no limit. */
    MEMORY_LIMIT(in("memory.max"), in("memory", "memory.limit_in_bytes")),
    /** Bytes, file cache included. */
    MEMORY_IN_USE(in("memory.current"), in("memory", "memory.usage_in_bytes")),
    /** Bytes of the memory in use that the kernel gives up before it kills a process. */
    MEMORY_RECLAIMABLE(
        in("memory.stat").keys("active_file", "inactive_file", "slab_reclaimable"),
        in("memory", "memory.stat").keys("total_active_file", "total_inactive_file")),
    /** Bytes, file cache included. */
    MEMORY_PEAK(in("memory.peak"), in("memory", "memory.max_usage_in_bytes")),
    /** Processes that the kernel killed because the memory was used up. */
    OOM_KILLS(
        in("memory.events").keys("oom_kill"), in("memory", "memory.oom_control").keys("oom_kill")),
    /** Nanoseconds. */
    CPU_TIME(in("cpu.stat").keys("usage_usec").times(1000), in("cpuacct", "cpuacct.usage")),
    /** Nanoseconds that its processes had to wait for the CPU limit's next period. */
    CPU_THROTTLED(
        in("cpu.stat").keys("throttled_usec").times(1000),
        in("cpu", "cpu.stat").keys("throttled_time")),
    /** Processes and threads at once. */
    PROCESSES_PEAK(in("pids.peak"), in("pids", "pids.peak"));

    @SuppressWarnings("ImmutableEnumChecker") // of a copied list, it does not know
    private final Source unified;

    @SuppressWarnings("ImmutableEnumChecker")
    private final Source legacy;

    Figure(Source unified, Source legacy) {
      this.unified = unified;
      this.legacy = legacy;
    }

    Source in(boolean unifiedHierarchy) {
      return unifiedHierarchy ? unified : legacy;
    }

    private static Source in(String file) {
      return in("", file);
    }

    private static Source in(String controller, String file) {
      return new Source(controller, file, List.of(), 1);
    }
  }

  /**
   * A file of numbers.
   *
   * @param controller whose hierarchy has the file; empty: there is only one
   * @param keys of the lines whose values are added up; empty: the file is the number
   * @param unit what the value counts, in the figure's own
   */
  record Source(String controller, String file, List<String> keys, long unit) {
    /** What is larger stands for "no limit". */
    private static final long MAX = 1L << 60;

    Source keys(String... names) {
      return new Source(controller, file, List.of(names), unit);
    }

    Source times(long factor) {
      return new Source(controller, file, keys, factor);
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
            sum = OptionalLong.of(sum.orElse(0) + value.getAsLong() * unit);
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

  OptionalLong read(Figure figure) {
    try {
      return figure.in(unified).find(CStrings.decode(files.read(path(figure), FILE_BYTES)));
    } catch (KernelException | OutOfMemoryError e) {
      // No reason to end a task: when memory is short, less is known.
      return OptionalLong.empty();
    }
  }

  /**
   * The file of a figure. In a container, the mount itself is the group, whatever path the host
   * knows it by; elsewhere it is below.
   */
  String path(Figure figure) {
    Source source = figure.in(unified);
    String mount = source.controller().isEmpty() ? MOUNT : MOUNT + "/" + source.controller();
    String path = membership.getOrDefault(source.controller(), ROOT);
    String folder = path.equals(ROOT) || !files.exists(mount + path) ? mount : mount + path;
    return folder + "/" + source.file();
  }
}
