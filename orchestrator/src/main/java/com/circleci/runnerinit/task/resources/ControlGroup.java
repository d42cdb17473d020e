package com.circleci.runnerinit.task.resources;

import com.circleci.runnerinit.linux.CStrings;
import com.circleci.runnerinit.linux.Files;
import com.circleci.runnerinit.linux.KernelException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * A control group, of either version of cgroups(7), below the usual {@code /sys/fs/cgroup}. What it
 * does not tell is empty.
 *
 * @param folders of each controller, the path below its hierarchy's root; the unified hierarchy's
 *     has the empty name
 */
record ControlGroup(Files files, boolean unified, Map<String, String> folders) {
  private static final String MOUNT = "/sys/fs/cgroup";
  private static final int FILE_BYTES = 64 * 1024;

  /** What is larger stands for "no limit". */
  private static final long MAX = 1L << 60;

  /**
   * From this process's group up to the root of what is mounted, which in a container is the
   * container's group, whatever path the host knows it by. Of version 1 the former alone.
   */
  static List<ControlGroup> wayUp(Files files) {
    boolean unified = files.exists(MOUNT + "/cgroup.controllers");
    Map<String, String> membership = parseMembership(read(files, "/proc/self/cgroup"));
    if (!unified) {
      return List.of(new ControlGroup(files, false, membership));
    }
    String path = membership.getOrDefault("", "/");
    List<ControlGroup> way = new ArrayList<>();
    for (; path.length() > 1; path = path.substring(0, path.lastIndexOf('/'))) {
      if (files.exists(MOUNT + path)) {
        way.add(new ControlGroup(files, true, Map.of("", path)));
      }
    }
    way.add(new ControlGroup(files, true, Map.of()));
    return way;
  }

  /** Parses {@code /proc/PID/cgroup}: paths by controller, the unified one's by the empty name. */
  static Map<String, String> parseMembership(String text) {
    Map<String, String> paths = new HashMap<>();
    for (String line : text.split("\n", -1)) {
      String[] fields = line.split(":", 3);
      if (fields.length == 3 && fields[2].startsWith("/") && !fields[2].startsWith("/..")) {
        for (String controller : List.of(fields[1].split(",", -1))) {
          paths.put(controller, fields[2]);
        }
      }
    }
    return paths;
  }

  /**
   * A figure that both versions have: in a file, which version 1 has below its controller's name,
   * and there in the lines of these keys, whose values are added up, or in nothing but a number.
   */
  enum Figure {
    /** Bytes; empty when there is no limit. */
    MEMORY_LIMIT("memory.max", "memory/memory.limit_in_bytes"),
    /** Bytes, file cache included. */
    MEMORY_IN_USE("memory.current", "memory/memory.usage_in_bytes"),
    /** Bytes of the memory in use that the kernel gives up before it kills a process. */
    MEMORY_RECLAIMABLE(
        "memory.stat active_file inactive_file slab_reclaimable",
        "memory/memory.stat total_active_file total_inactive_file"),
    /** Bytes, file cache included. */
    MEMORY_PEAK("memory.peak", "memory/memory.max_usage_in_bytes"),
    /** Bytes; version 1 counts them together with the memory. */
    SWAP_LIMIT("memory.swap.max", "memory/memory.memsw.limit_in_bytes"),
    SWAP_IN_USE("memory.swap.current", "memory/memory.memsw.usage_in_bytes"),
    /** Of the machine. */
    SWAP_FREE("/proc/meminfo SwapFree:", "/proc/meminfo SwapFree:"),
    /** How often the memory was used up, at the group's own limit; at that or one below it. */
    SHORTAGES_HERE("memory.events.local oom", "memory/memory.failcnt"),
    SHORTAGES("memory.events oom", ""),
    /** Processes that the kernel killed because the memory was used up. */
    OOM_KILLS("memory.events oom_kill", "memory/memory.oom_control oom_kill"),
    /** Kills of all processes of a group, of which one counts twice. */
    GROUP_KILLS("memory.events oom_group_kill", ""),
    /** Nanoseconds. */
    CPU_TIME("cpu.stat usage_usec", "cpuacct/cpuacct.usage"),
    /** Nanoseconds that its processes had to wait for the CPU limit's next period. */
    CPU_THROTTLED("cpu.stat throttled_usec", "cpu/cpu.stat throttled_time"),
    /** Processes and threads at once. */
    PROCESSES_PEAK("pids.peak", "pids/pids.peak");

    private final String unified;
    private final String legacy;

    Figure(String unified, String legacy) {
      this.unified = unified;
      this.legacy = legacy;
    }

    private List<String> words(boolean unifiedHierarchy) {
      return List.of((unifiedHierarchy ? unified : legacy).split(" ", -1));
    }

    /** Finds the value in the file's text; empty when there is none, or no limit. */
    OptionalLong find(boolean unifiedHierarchy, String text) {
      List<String> words = words(unifiedHierarchy);
      if (words.size() == 1) {
        return number(text);
      }
      OptionalLong sum = OptionalLong.empty();
      for (String line : text.split("\n", -1)) {
        int space = line.indexOf(' ');
        if (space > 0 && words.lastIndexOf(line.substring(0, space)) > 0) {
          OptionalLong value = number(line.substring(space).replace(" kB", ""));
          long unit = line.startsWith("_usec", space - 5) ? 1000 : line.endsWith(" kB") ? 1024 : 1;
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
    return figure.find(unified, read(files, path(figure)));
  }

  /**
   * With all groups below it, where each counts what happens in it alone: with the mount option
   * {@code memory_localevents}.
   */
  OptionalLong readAll(Figure figure) {
    OptionalLong sum = read(figure);
    if (sum.isPresent() && read(files, "/proc/self/mounts").contains("memory_localevents")) {
      String folder = folders.getOrDefault("", "");
      try {
        for (String name : files.list(MOUNT + folder)) {
          ControlGroup below = new ControlGroup(files, true, Map.of("", folder + "/" + name));
          sum = OptionalLong.of(sum.getAsLong() + below.readAll(figure).orElse(0));
        }
      } catch (KernelException e) {
        // It has gone meanwhile.
      }
    }
    return sum;
  }

  private static String read(Files files, String path) {
    try {
      return CStrings.decode(files.read(path, FILE_BYTES));
    } catch (KernelException | OutOfMemoryError e) {
      // No reason to end a task: when memory is short, less is known.
      return "";
    }
  }

  /** The file of a figure. */
  String path(Figure figure) {
    String file = figure.words(unified).getFirst();
    int slash = file.indexOf('/');
    if (slash == 0) {
      return file;
    }
    String mount = slash < 0 ? MOUNT : MOUNT + "/" + file.substring(0, slash);
    String path = folders.getOrDefault(file.substring(0, Math.max(0, slash)), "/");
    boolean below = path.length() > 1 && files.exists(mount + path);
    return (below ? mount + path : mount) + "/" + file.substring(slash + 1);
  }
}
