package com.circleci.runnerinit.init;

import com.circleci.runnerinit.linux.Descriptors;
import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.FileStatus;
import com.circleci.runnerinit.linux.Files;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import com.circleci.runnerinit.linux.Pipe;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.Set;

/** Copies files within the kernel, wherever it can do that, in constant memory. */
final class FileCopy {
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

  private final Files files;
  private final Descriptors descriptors;
  private final Interruption interruption;
  private final NativeBlock buffer;
  private boolean throughMemory;

  FileCopy(Kernel kernel, Interruption interruption) {
    files = kernel.files();
    descriptors = kernel.descriptors();
    this.interruption = interruption;
    buffer = kernel.memory().allocate(BUFFER_BYTES);
  }

  /** Returns the bytes copied; an IOException names the file and the reason. */
  long copy(String source, Destination destination, String name) throws IOException {
    try {
      int from = files.openForReading(source);
      try {
        FileStatus status = files.status(from);
        if (!status.isRegular()) {
          throw new IOException("open " + source + ": not a regular file");
        }
        destination.replace(
            name,
            files::createExclusively,
            to -> fill(to, from, source, status, destination.path(name)));
        return status.size();
      } finally {
        descriptors.close(from);
      }
    } catch (KernelException e) {
      // Nobody answers at a socket, or behind a device.
      boolean special = e.errno() == Errno.ENXIO;
      throw new IOException(
          "open " + source + ": " + (special ? "not a regular file" : e.reason()));
    }
  }

  private void fill(int to, int from, String source, FileStatus status, String target)
      throws IOException {
    try {
      if (!files.share(from, to)) {
        copyBytes(from, to, source, status.size(), target);
      }
      // A file system without modes refuses to set them, and may show the right ones.
      if (files.status(to).permissions() != status.permissions()) {
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
      files.reserve(to, size);
      int taken;
      for (long left = size; left > 0; left -= taken) {
        interruption.check();
        taken = take(from, pipe, (int) Math.min(left, PIECE_BYTES), source);
        for (int given = 0; given < taken; ) {
          given += move(pipe.readEnd(), to, taken - given);
        }
      }
    } catch (KernelException e) {
      throw explained(e, target, size, free);
    } finally {
      descriptors.close(pipe.readEnd());
      descriptors.close(pipe.writeEnd());
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

  private static IOException explained(
      KernelException e, String target, long needed, OptionalLong free) {
    if (e.errno() != Errno.ENOSPC && e.errno() != Errno.EDQUOT) {
      return e;
    }
    String figures = free.isPresent() ? ", " + megabytes(free.getAsLong()) + " free" : "";
    return new IOException(
        "write " + target + ": " + e.reason() + ": " + megabytes(needed) + " needed" + figures, e);
  }

  private static String megabytes(long bytes) {
    long tenths = (bytes + 50_000) / 100_000;
    return tenths / 10 + "." + tenths % 10 + " MB";
  }
}
