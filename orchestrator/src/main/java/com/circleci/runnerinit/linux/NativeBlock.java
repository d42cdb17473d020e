package com.circleci.runnerinit.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A piece of memory outside the heap, by which the kernel and this program exchange bytes; until
 * the process ends unless it is closed.
 *
 * @param bytes a view of the whole of it
 */
public record NativeBlock(Syscalls owner, long address, ByteBuffer bytes) implements AutoCloseable {
  public NativeBlock {
    bytes = bytes.order(ByteOrder.nativeOrder());
  }

  public int size() {
    return bytes.capacity();
  }

  /** Overwrites a secret. */
  public void wipe() {
    bytes.put(0, new byte[size()]);
  }

  public byte[] copy(int offset, int length) {
    byte[] copy = new byte[length];
    bytes.get(offset, copy);
    return copy;
  }

  @Override
  public void close() {
    owner.free(this);
  }
}
