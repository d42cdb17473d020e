package com.circleci.runnerinit.task.process;

import com.circleci.runnerinit.linux.Descriptors;
import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Interest;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.util.Optional;

/**
 * Writes a secret into a child's standard input as fast as the child reads it, then ends it. It
 * never blocks, and a child that does not read is no error.
 */
public final class InputFeed implements Chore, AutoCloseable {
  private final Descriptors descriptors;
  private final int descriptor;
  private final NativeBlock block;
  private final int length;
  private int written;
  private boolean done;

  /** A feed into the write end of a pipe, which must not block, and which it closes. */
  public InputFeed(Kernel kernel, int descriptor, byte[] bytes) {
    this.descriptors = kernel.descriptors();
    this.descriptor = descriptor;
    length = bytes.length;
    block = kernel.memory().allocate(Math.max(1, length));
    block.bytes().put(0, bytes);
  }

  @Override
  public Optional<Interest> interest() {
    return done ? Optional.empty() : Optional.of(Interest.inWriting(descriptor));
  }

  /** Writes what the pipe takes now. */
  @Override
  public void turn() {
    try {
      while (!done && written < length) {
        written += descriptors.write(descriptor, block, written, length - written);
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
  @Override
  public void close() {
    if (!done) {
      done = true;
      descriptors.close(descriptor);
      block.wipe();
      block.close();
    }
  }
}
