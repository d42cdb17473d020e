package com.circleci.runnerinit.linux;

import java.util.ArrayList;
import java.util.List;

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
    String lines = "\n" + status;
    long kibibytes = number(value(lines, "VmRSS").replace(" kB", ""));
    return new Entry(
        id, (int) number(value(lines, "PPid")), value(lines, "Name"), Math.max(0, kibibytes) * KIB);
  }

  /** No process can make a line by the name it gives itself: the kernel escapes line breaks. */
  private static String value(String lines, String field) {
    String start = "\n" + field + ":";
    int at = lines.indexOf(start);
    if (at < 0) {
      return "";
    }
    int from = at + start.length();
    int end = lines.indexOf('\n', from);
    return lines.substring(from, end < 0 ? lines.length() : end).strip();
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
