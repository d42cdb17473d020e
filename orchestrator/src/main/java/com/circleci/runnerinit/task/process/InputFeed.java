package com.circleci.runnerinit.task.process;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;

/**
 * Writes a secret into a child's standard input as fast as the child reads it, then ends it. It
 * never blocks, and a child that does not read is no error.
 */
public final class InputFeed {
  private final Kernel kernel;
  private final int descriptor;
  private final NativeBlock block;
  private int written;
  private boolean done;

  /**
   * A feed into a pipe, which it closes.
   *
   * @param descriptor the write end, which must not block
   */
  public InputFeed(Kernel kernel, int descriptor, byte[] bytes) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.descriptor = descriptor;
    block = kernel.memory().allocate(Math.max(1, bytes.length));
    block.bytes().put(0, bytes);
    block.bytes().limit(bytes.length);
  }

  public int descriptor() {
    return descriptor;
  }

  public boolean isDone() {
    return done;
  }

  /** Writes what the pipe takes now. */
  public void write() {
    int length = block.bytes().limit();
    try {
      while (!done && written < length) {
        written += kernel.descriptors().write(descriptor, block, written, length - written);
      }
      close();
    } catch (KernelException e) {
      if (e.errno() != Errno.EAGAIN) {
        // The child has closed its end (EPIPE), or there is nobody who could read.
        close();
      }
    }
  }

  /** Ends the child's input, whatever is left to write. */
  public void close() {
    if (!done) {
      done = true;
      kernel.descriptors().close(descriptor);
      block.bytes().clear();
      block.bytes().put(0, new byte[block.size()]);
      kernel.memory().release(block);
    }
  }
}
