package com.circleci.runnerinit.task;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.task.process.Chore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Hands back, once, the pages of this program's own file that its start has read: most of what it
 * has resident, and little of it is needed while it waits. A task that is over sooner pays nothing.
 */
final class StartPages implements Chore {
  private static final Duration AFTER = Duration.ofSeconds(1);
  private static final String FILE = "/proc/self/smaps";
  private static final int FILE_BYTES = 256 * 1024;
  private static final String CHANGED = "Anonymous:";
  private static final int HEX = 16;

  private final Kernel kernel;
  private final long atNanos;
  private boolean done;

  StartPages(Kernel kernel) {
    this.kernel = kernel;
    atNanos = kernel.clock().nanos() + AFTER.toNanos();
  }

  @Override
  public long dueIn() {
    return done ? NEVER : atNanos - kernel.clock().nanos();
  }

  @Override
  public void turn() {
    if (done || dueIn() > 0) {
      return;
    }
    done = true;
    try {
      String text = new String(kernel.files().read(FILE, FILE_BYTES), StandardCharsets.UTF_8);
      for (Pages pages : unchanged(text)) {
        kernel.memory().discardPages(pages.from(), pages.to() - pages.from());
      }
    } catch (KernelException | OutOfMemoryError e) {
      // An image without /proc, or no memory to read it into: they stay.
    }
  }

  /** A mapping's addresses. */
  record Pages(long from, long to) {}

  /** Finds, in the text of proc_pid_smaps(5), what is a file's and nobody can have changed. */
  static List<Pages> unchanged(String smaps) {
    List<Pages> unchanged = new ArrayList<>();
    Optional<Pages> candidate = Optional.empty();
    for (String line : smaps.split("\n", -1)) {
      if (line.startsWith(CHANGED)) {
        if (line.substring(CHANGED.length()).strip().equals("0 kB")) {
          candidate.ifPresent(unchanged::add);
        }
      } else if (!line.isEmpty() && Character.digit(line.charAt(0), HEX) >= 0) {
        // Names of counters begin with a capital, and A to F are digits: those hold no hyphen.
        candidate = line.indexOf('-') < 0 ? candidate : ofFile(line);
      }
    }
    return unchanged;
  }

  /** Of a line such as {@code 00401000-00b14000 r-xp 00001000 fe:00 1234 /orchestrator}. */
  private static Optional<Pages> ofFile(String line) {
    String[] fields = line.split(" ", 3);
    String[] range = fields[0].split("-", -1);
    boolean mapped = fields.length == 3 && line.indexOf('/') > 0;
    if (!mapped || range.length != 2 || fields[1].contains("w")) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new Pages(Long.parseUnsignedLong(range[0], HEX), Long.parseUnsignedLong(range[1], HEX)));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }
}
