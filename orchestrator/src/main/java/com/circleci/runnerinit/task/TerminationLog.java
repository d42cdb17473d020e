package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.nio.charset.StandardCharsets;

/**
 * The file from which {@code kubectl describe pod} shows why a container ended: Kubernetes'
 * termination message.
 */
final class TerminationLog {
  private static final String FILE = "/dev/termination-log";

  /** Kubernetes shows no more. */
  private static final int MAX_BYTES = 4096;

  private final Kernel kernel;

  TerminationLog(Kernel kernel) {
    this.kernel = requireNonNull(kernel, "kernel is null");
  }

  /** Writes the message; where there is no such file, nobody reads it. */
  void write(String message) {
    byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(bytes.length, MAX_BYTES);
    while (length > 0 && length < bytes.length && (bytes[length] & 0xc0) == 0x80) {
      length--; // not within a character
    }
    NativeBlock block = kernel.allocate(Math.max(1, length));
    try {
      block.bytes().put(0, bytes, 0, length);
      int descriptor = kernel.openForWriting(FILE);
      kernel.write(descriptor, block, 0, length);
      kernel.close(descriptor);
    } catch (KernelException e) {
      // Not in Kubernetes, or not writable by this user: the log has the message as well.
    } finally {
      kernel.release(block);
    }
  }
}
