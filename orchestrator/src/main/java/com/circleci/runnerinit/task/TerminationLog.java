package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

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
    try {
      kernel.files().overwrite(FILE, Arrays.copyOf(bytes, length));
    } catch (KernelException e) {
      // Not in Kubernetes, or not writable by this user: the log has the message as well.
    }
  }
}
