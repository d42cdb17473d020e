package com.circleci.runnerinit.init;

import com.circleci.runnerinit.linux.Descriptors;
import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.FileStatus;
import com.circleci.runnerinit.linux.Files;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import com.circleci.runnerinit.linux.Pipe;
import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogEvent;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Copies the orchestrator and the task agent from the init image into the volume, within the kernel
 * wherever it can do that, in constant memory. It may run again at any time, and several times at
 * once.
 */
public final class BinariesInstaller {
  private static final String AGENT = "circleci-agent";
  private static final List<String> BINARIES = List.of("orchestrator", AGENT);

  /**
   * The larger the writes, the larger the pages that the file system makes of them, which cost less
   * each byte, but are harder to find: docs/decisions/0018 compares sizes. A pipe may hold as much
   * without a privilege (pipe(7)).
   */
  private static final int PIECE_BYTES = 256 * 1024;

  /** No such call, or not for this file system, or not in this container. */
  private static final Set<Integer> UNABLE = Set.of(Errno.ENOSYS, Errno.EINVAL, Errno.EPERM);

  /** Any pipe holds as much. */
  private static final int BUFFER_BYTES = 4096;

  private final Kernel kernel;
  private final Files files;
  private final Descriptors descriptors;
  private final EventLog log;
  private final Duration shutdownDelay;
  private final int signals;
  private final NativeBlock buffer;
  private boolean throughMemory;
  private int signal;
  private long deadlineNanos;

  /** Takes the signals, which end the copy once the delay after them is over. */
  public BinariesInstaller(Kernel kernel, EventLog log, Duration shutdownDelay)
      throws KernelException {
    this.kernel = kernel;
    files = kernel.files();
    descriptors = kernel.descriptors();
    this.log = log;
    this.shutdownDelay = shutdownDelay;
    signals = descriptors.openSignals();
    buffer = kernel.memory().allocate(BUFFER_BYTES);
  }

  /** Makes the destination what it should be; an IOException names the file and the reason. */
  public void install(String source, String destination) throws IOException {
    LogEvent whole = log.event("orchestrator: init");
    try (Destination folder = Destination.open(kernel, destination)) {
      for (String binary : BINARIES) {
        LogEvent line = log.event("orchestrator: init: copy");
        long bytes = copy(Destination.child(source, binary), folder, binary);
        line.with("binary", binary)
            .with("destination", folder.path(binary))
            .with("bytes", bytes)
            .success()
            .write();
      }
      Destination.Creation link =
          path -> {
            files.makeSymbolicLink(folder.path(AGENT), path);
            return -1;
          };
      folder.replace("circleci", link, _ -> {});
    }
    whole.with("source", source).with("destination", destination).success().write();
  }

  /** Returns the bytes copied; an IOException names the file and the reason. */
  private long copy(String source, Destination destination, String name) throws IOException {
    int from = files.openForReading(source);
    try {
      FileStatus status = files.status(from, source);
      if (!status.isRegular()) {
        throw new IOException("open " + source + ": not a regular file");
      }
      String target = destination.path(name);
      destination.replace(
          name, files::createExclusively, to -> fill(to, from, source, status, target));
      return status.size();
    } finally {
      descriptors.close(from);
    }
  }

  private void fill(int to, int from, String source, FileStatus status, String target)
      throws IOException {
    try {
      if (!files.share(from, to)) {
        copyBytes(from, to, source, status.size(), target);
      }
      // A file system without modes refuses to set them, and may show the right ones.
      if (files.status(to, target).permissions() != status.permissions()) {
        files.setPermissions(to, status.permissions());
      }
    } catch (IOException e) {
      descriptors.close(to);
      throw e;
    }
    files.closeWritten(to);
  }

  private void copyBytes(int from, int to, String source, long size, String target)
      throws IOException {
    OptionalLong free = files.freeBytes(to);
    Pipe pipe = descriptors.openPipe();
    try {
      descriptors.enlarge(pipe, PIECE_BYTES);
      int taken;
      for (long left = size; left > 0; left -= taken) {
        stopIfTold();
        taken = take(from, pipe, (int) Math.min(left, PIECE_BYTES), source);
        for (int given = 0; given < taken; ) {
          given += move(pipe.readEnd(), to, taken - given);
        }
      }
    } catch (KernelException e) {
      if (e.errno() != Errno.ENOSPC && e.errno() != Errno.EDQUOT) {
        throw e;
      }
      String figure = free.isPresent() ? ", " + megabytes(free.getAsLong()) + " free" : "";
      String need = megabytes(size) + " needed" + figure;
      throw new IOException("write " + target + ": " + e.reason() + ": " + need, e);
    } finally {
      descriptors.close(pipe.readEnd());
      descriptors.close(pipe.writeEnd());
    }
  }

  /** Fails when SIGTERM or SIGINT has come, and the time after it is over. */
  private void stopIfTold() throws IOException {
    for (int came : descriptors.readSignals(signals)) {
      if (signal == 0 && (came == Signals.SIGTERM || came == Signals.SIGINT)) {
        signal = came;
        deadlineNanos = kernel.clock().nanos() + shutdownDelay.toNanos();
        log.event("system: shutdown signal received")
            .with("delay", shutdownDelay.toMillis())
            .with("signal", Signals.describe(signal))
            .write();
      }
    }
    if (signal != 0 && kernel.clock().nanos() - deadlineNanos >= 0) {
      throw new InterruptedIOException("interrupted by signal: " + Signals.describe(signal));
    }
  }

  private int take(int from, Pipe pipe, int most, String source) throws IOException {
    try {
      int taken = move(from, pipe.writeEnd(), most);
      if (taken > 0) {
        return taken;
      }
    } catch (KernelException e) {
      throw new IOException("read " + source + ": " + e.reason(), e);
    }
    throw new IOException("read " + source + ": it became shorter while it was copied");
  }

  /** Moves bytes within the kernel; if it can't do that here, from now on through memory. */
  private int move(int from, int to, int most) throws KernelException {
    if (!throughMemory) {
      try {
        return descriptors.splice(from, to, most);
      } catch (KernelException e) {
        throughMemory = UNABLE.contains(e.errno());
        if (!throughMemory) {
          throw e;
        }
      }
    }
    int read = descriptors.read(from, buffer, Math.min(most, BUFFER_BYTES));
    descriptors.writeAll(to, buffer, read);
    return read;
  }

  private static String megabytes(long bytes) {
    long tenths = (bytes + 50_000) / 100_000;
    return tenths / 10 + "." + tenths % 10 + " MB";
  }
}
