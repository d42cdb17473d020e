package com.circleci.runnerinit.linux;

/** What stat(2) tells of a file; its size is in bytes. */
public record FileStatus(int mode, long size) {
  private static final int TYPE_MASK = 0170000;
  private static final int REGULAR = 0100000;
  private static final int PERMISSION_MASK = 0777;

  /** In {@code struct stat} of this architecture; the size is at the same place in all. */
  private static final int MODE_AT = System.getProperty("os.arch").equals("aarch64") ? 16 : 24;

  private static final int SIZE_AT = 48;

  static FileStatus decode(NativeBlock stat) {
    return new FileStatus(stat.bytes().getInt(MODE_AT), stat.bytes().getLong(SIZE_AT));
  }

  public boolean isRegular() {
    return (mode & TYPE_MASK) == REGULAR;
  }

  /** Without the bits that change the user or the group. */
  public int permissions() {
    return mode & PERMISSION_MASK;
  }
}
