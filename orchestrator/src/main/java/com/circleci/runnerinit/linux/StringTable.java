package com.circleci.runnerinit.linux;

import java.nio.ByteBuffer;
import java.util.List;

/** Lays out C strings, and the arrays of pointers to them, in a block of native memory. */
final class StringTable {
  private static final int POINTER_BYTES = Long.BYTES;

  private final NativeBlock block;
  private int used;

  StringTable(NativeBlock block, int offset) {
    this.block = block;
    this.used = offset;
  }

  static int sizeOf(byte[] string) {
    return align(string.length + 1);
  }

  static int sizeOf(List<byte[]> strings) {
    int size = POINTER_BYTES * (strings.size() + 1);
    for (byte[] string : strings) {
      size += sizeOf(string);
    }
    return size;
  }

  /** Returns the address of the string. */
  long put(byte[] string) {
    long address = block.address() + used;
    block.bytes().put(used, string);
    block.bytes().put(used + string.length, (byte) 0);
    used += sizeOf(string);
    return address;
  }

  /** Returns the address of the array, whose last pointer is null. */
  long put(List<byte[]> strings) {
    int array = used;
    used += POINTER_BYTES * (strings.size() + 1);
    ByteBuffer bytes = block.bytes();
    int at = array;
    for (byte[] string : strings) {
      bytes.putLong(at, put(string));
      at += POINTER_BYTES;
    }
    bytes.putLong(at, 0);
    return block.address() + array;
  }

  private static int align(int size) {
    return (size + POINTER_BYTES - 1) & -POINTER_BYTES;
  }
}
