package com.circleci.runnerinit.linux;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A piece of memory outside the heap, by which the kernel and this program exchange bytes.
 *
 * @param address where it lies
 * @param bytes a view of the whole of it
 */
public record NativeBlock(long address, ByteBuffer bytes) {
  public NativeBlock {
    requireNonNull(bytes, "bytes is null");
    bytes = bytes.order(ByteOrder.nativeOrder());
  }

  public int size() {
    return bytes.capacity();
  }

  /** Overwrites a secret. */
  public void wipe() {
    bytes.put(0, new byte[size()]);
  }

  /** A copy of a part of it. */
  public byte[] copy(int offset, int length) {
    byte[] copy = new byte[length];
    bytes.get(offset, copy);
    return copy;
  }
}
