package com.circleci.runnerinit.init;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.FileStatus;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * Copies one file within the kernel, in constant memory, so that a reader sees all of it or none.
 */
final class FileCopy {
  private static final BigDecimal MEGABYTE = BigDecimal.valueOf(1_000_000);

  private final Kernel kernel;
  private final Interruption interruption;

  FileCopy(Kernel kernel, Interruption interruption) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.interruption = requireNonNull(interruption, "interruption is null");
  }

  /**
   * In the same directory, so that it can be renamed; left by a crash, the next run replaces it.
   */
  static String temporaryName(String path) {
    int slash = path.lastIndexOf('/');
    return path.substring(0, slash + 1) + "." + path.substring(slash + 1) + ".tmp";
  }

  static void removeIfThere(Kernel kernel, String path) {
    try {
      kernel.files().remove(path);
    } catch (KernelException e) {
      // It was not there; or it can't go, and the next step fails and says why.
    }
  }

  /** Returns the bytes copied. */
  long copy(String source, String destination) throws InitException {
    try {
      int from = kernel.files().openForReading(source);
      try {
        FileStatus status = kernel.files().status(source);
        if (!status.isRegular()) {
          throw new InitException("open " + source + ": not a regular file");
        }
        copy(from, source, status, destination);
        return status.size();
      } finally {
        kernel.descriptors().close(from);
      }
    } catch (KernelException e) {
      throw new InitException(e.description());
    }
  }

  private void copy(int from, String source, FileStatus status, String destination)
      throws InitException {
    String temporary = temporaryName(destination);
    removeIfThere(kernel, temporary);
    try {
      int to = kernel.files().createExclusively(temporary);
      try {
        copyContent(from, to, source, status, destination);
        kernel.files().setPermissions(to, status.permissions());
      } finally {
        kernel.descriptors().close(to);
      }
      kernel.files().rename(temporary, destination);
    } catch (KernelException e) {
      removeIfThere(kernel, temporary);
      throw new InitException("write " + destination + ": " + e.reason());
    } catch (InitException e) {
      removeIfThere(kernel, temporary);
      throw e;
    }
  }

  private void copyContent(int from, int to, String source, FileStatus status, String destination)
      throws KernelException, InitException {
    if (kernel.files().share(from, to)) {
      return;
    }
    long free = kernel.files().freeBytes(to).orElse(0);
    try {
      kernel.files().reserve(to, status.size());
      copyBytes(from, to, source, status.size());
    } catch (KernelException e) {
      throw explain(e, status.size(), free, destination);
    }
  }

  private void copyBytes(int from, int to, String source, long size)
      throws KernelException, InitException {
    try (Transfer transfer = new Transfer(kernel, from, to)) {
      long copied = 0;
      while (copied < size) {
        interruption.check();
        int piece = take(transfer, size - copied, source);
        transfer.give();
        copied += piece;
      }
    }
  }

  private static int take(Transfer transfer, long most, String source) throws InitException {
    int piece;
    try {
      piece = transfer.take(most);
    } catch (KernelException e) {
      throw new InitException("read " + source + ": " + e.reason());
    }
    if (piece == 0) {
      throw new InitException("read " + source + ": it became shorter while it was copied");
    }
    return piece;
  }

  private static InitException explain(
      KernelException e, long needed, long free, String destination) {
    String reason = "write " + destination + ": " + e.reason();
    if (e.errno() == Errno.ENOSPC || e.errno() == Errno.EDQUOT) {
      reason += ": " + megabytes(needed) + " needed, " + megabytes(free) + " free";
    }
    return new InitException(reason);
  }

  private static String megabytes(long bytes) {
    return BigDecimal.valueOf(bytes).divide(MEGABYTE, 1, RoundingMode.HALF_UP) + " MB";
  }
}
