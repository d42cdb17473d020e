package com.circleci.runnerinit.linux;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The processes that {@code /proc} shows, as proc_pid_status(5) tells of them. */
public final class ProcessTable {
  private static final int STATUS_BYTES = 4096;
  private static final long KIB = 1024;

  private ProcessTable() {}

  /**
   * A process.
   *
   * @param name as the kernel has it: at most 15 bytes
   * @param residentBytes zero for a zombie and for a thread of the kernel
   */
  public record Entry(int id, int parent, String name, long residentBytes) {}

  /** All there are now; none where there is no {@code /proc}. */
  public static List<Entry> read(Files files) {
    List<Entry> entries = new ArrayList<>();
    for (String name : processes(files)) {
      try {
        byte[] status = files.read("/proc/" + name + "/status", STATUS_BYTES);
        entries.add(parse(Integer.parseInt(name), CStrings.decode(status)));
      } catch (KernelException | NumberFormatException e) {
        // It has ended meanwhile.
      }
    }
    return entries;
  }

  private static List<String> processes(Files files) {
    try {
      return files.list("/proc").stream()
          .filter(name -> name.chars().allMatch(c -> c >= '0' && c <= '9'))
          .toList();
    } catch (KernelException e) {
      return List.of();
    }
  }

  /** Parses the text of {@code /proc/PID/status}; what it does not tell is empty or zero. */
  static Entry parse(int id, String status) {
    Map<String, String> values = new HashMap<>();
    for (String line : status.split("\n", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        values.putIfAbsent(line.substring(0, colon), line.substring(colon + 1).strip());
      }
    }
    long kibibytes = number(values.getOrDefault("VmRSS", "").replace(" kB", ""));
    return new Entry(
        id,
        (int) number(values.getOrDefault("PPid", "")),
        values.getOrDefault("Name", ""),
        Math.max(0, kibibytes) * KIB);
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
