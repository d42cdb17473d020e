package com.circleci.runnerinit.linux;

/** {@code struct statx}, which is the same on every architecture (statx(2)). */
final class StatxBlock {
  static final int BYTES = 256;
  static final int BASIC_STATS = 0x7ff;

  private static final int MODE_OFFSET = 28;
  private static final int SIZE_OFFSET = 40;

  private StatxBlock() {}

  static FileStatus decode(NativeBlock block) {
    int mode = Short.toUnsignedInt(block.bytes().getShort(MODE_OFFSET));
    return new FileStatus(mode, block.bytes().getLong(SIZE_OFFSET));
  }
}
