package com.circleci.runnerinit.task.resources;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.util.OptionalLong;

/** A file that is one number, kept open: it is read again and again at the price of one call. */
final class OpenCounter {
  private static final int BYTES = 32;

  private final Kernel kernel;
  private final int descriptor;
  private final NativeBlock text;

  /** Opens it, for as long as this process lives. */
  OpenCounter(Kernel kernel, String file) throws KernelException {
    this.kernel = requireNonNull(kernel, "kernel is null");
    descriptor = kernel.files().openForReading(file);
    text = kernel.memory().allocate(BYTES);
  }

  /** The number now; empty when it can't be read or is none. */
  OptionalLong read() {
    try {
      int length = kernel.descriptors().readFromStart(descriptor, text);
      long value = 0;
      int digits = 0;
      while (digits < length
          && text.bytes().get(digits) >= '0'
          && text.bytes().get(digits) <= '9') {
        value = 10 * value + text.bytes().get(digits) - '0';
        digits++;
      }
      return digits == 0 ? OptionalLong.empty() : OptionalLong.of(value);
    } catch (KernelException e) {
      return OptionalLong.empty();
    }
  }
}
