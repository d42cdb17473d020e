package com.circleci.runnerinit.health;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/**
 * A client's socket that does not block. The kernel's own calls and not the JDK's channels, since
 * these take a quarter of the time until a task starts to get ready: docs/decisions/0016-diet.md.
 */
final class ClientSocket implements ByteChannel {
  private final Kernel kernel;
  private final int descriptor;
  private final NativeBlock block;
  private boolean open = true;

  /**
   * Takes over a descriptor.
   *
   * @param block by which bytes are exchanged with the kernel; all clients of a thread share it
   */
  ClientSocket(Kernel kernel, int descriptor, NativeBlock block) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.descriptor = descriptor;
    this.block = requireNonNull(block, "block is null");
  }

  int descriptor() {
    return descriptor;
  }

  @Override
  public int read(ByteBuffer into) throws KernelException {
    int length = Math.min(into.remaining(), block.size());
    if (length == 0) {
      return 0;
    }
    try {
      int count = kernel.descriptors().read(descriptor, block, length);
      into.put(into.position(), block.bytes(), 0, count).position(into.position() + count);
      return count == 0 ? -1 : count;
    } catch (KernelException e) {
      return nothingIfLater(e);
    }
  }

  @Override
  public int write(ByteBuffer from) throws KernelException {
    int length = Math.min(from.remaining(), block.size());
    if (length == 0) {
      return 0;
    }
    block.bytes().put(0, from, from.position(), length);
    try {
      int count = kernel.descriptors().write(descriptor, block, 0, length);
      from.position(from.position() + count);
      return count;
    } catch (KernelException e) {
      return nothingIfLater(e);
    }
  }

  private static int nothingIfLater(KernelException e) throws KernelException {
    if (e.errno() == Errno.EAGAIN) {
      return 0;
    }
    throw e;
  }

  void endOutput() throws KernelException {
    kernel.sockets().endOutput(descriptor);
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      kernel.descriptors().close(descriptor);
    }
  }
}
