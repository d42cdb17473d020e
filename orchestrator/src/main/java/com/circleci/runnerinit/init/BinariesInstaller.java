package com.circleci.runnerinit.init;

import com.circleci.runnerinit.linux.Descriptors;
import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.FileStatus;
import com.circleci.runnerinit.linux.Files;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogEvent;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/**
 * Copies the orchestrator and the task agent from the init image into the volume, within the kernel
 * wherever it can do that, in constant memory. It may run again at any time, and several times at
 * once.
 */
public final class BinariesInstaller {
  private static final String AGENT = "circleci-agent";
  private static final List<String> BINARIES = List.of("orchestrator", AGENT);

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
    try {
      for (long left = size; left > 0; ) {
        stopIfTold();
        left -= copySome(from, to, left, source);
      }
    } catch (KernelException e) {
      if (e.errno() != Errno.ENOSPC && e.errno() != Errno.EDQUOT) {
        throw e;
      }
      String figure = free.isPresent() ? ", " + megabytes(free.getAsLong()) + " free" : "";
      String need = megabytes(size) + " needed" + figure;
      throw new IOException("write " + target + ": " + e.reason() + ": " + need, e);
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

  /**
   * Returns the bytes copied. Within the kernel, all that is left in one call: docs/decisions/0018.
   * Where that fails, for whatever reason, through memory, which tells whose fault it is.
   */
  private long copySome(int from, int to, long most, String source) throws IOException {
    if (!throughMemory) {
      try {
        long copied = descriptors.sendFile(from, to, most);
        if (copied > 0) {
          return copied;
        }
      } catch (KernelException e) {
        throughMemory = true;
      }
    }
    int read = read(from, (int) Math.min(most, BUFFER_BYTES), source);
    descriptors.writeAll(to, buffer, read);
    return read;
  }

  private int read(int from, int most, String source) throws IOException {
    try {
      int read = descriptors.read(from, buffer, most);
      if (read > 0) {
        return read;
      }
    } catch (KernelException e) {
      throw new IOException("read " + source + ": " + e.reason(), e);
    }
    throw new IOException("read " + source + ": it became shorter while it was copied");
  }

  private static String megabytes(long bytes) {
    long tenths = (bytes + 50_000) / 100_000;
    return tenths / 10 + "." + tenths % 10 + " MB";
  }
}
