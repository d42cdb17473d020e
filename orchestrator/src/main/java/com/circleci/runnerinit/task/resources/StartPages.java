package com.circleci.runnerinit.task.resources;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Hands back, once, the pages of this program's own file that its start has read: most of what it
 * has resident, and little of it is needed while it waits. A task that is over sooner pays nothing.
 */
public final class StartPages {
  private static final Duration AFTER = Duration.ofSeconds(1);
  private static final String FILE = "/proc/self/smaps";
  private static final int FILE_BYTES = 256 * 1024;
  private static final String CHANGED = "Anonymous:";
  private static final int HEX = 16;

  private final Kernel kernel;
  private final LongSupplier nanoClock;
  private final long atNanos;
  private boolean done;

  public StartPages(Kernel kernel, LongSupplier nanoClock) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.nanoClock = requireNonNull(nanoClock, "nanoClock is null");
    atNanos = nanoClock.getAsLong() + AFTER.toNanos();
  }

  /** How long until it is time to; empty when it was done. */
  public Optional<Duration> untilTime() {
    return done
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(Math.max(0, atNanos - nanoClock.getAsLong())));
  }

  /** Hands them back, when it is time. */
  public void handBack() {
    if (done || nanoClock.getAsLong() - atNanos < 0) {
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
