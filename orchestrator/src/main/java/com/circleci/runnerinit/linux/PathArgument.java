package com.circleci.runnerinit.linux;

/** A text as a C string for the length of one call. */
final class PathArgument implements AutoCloseable {
  private final Syscalls syscalls;
  private final NativeBlock block;

  PathArgument(Syscalls syscalls, String text) {
    this.syscalls = syscalls;
    byte[] bytes = CStrings.encode(text);
    block = syscalls.allocate(StringTable.sizeOf(bytes));
    new StringTable(block, 0).put(bytes);
  }

  long address() {
    return block.address();
  }

  @Override
  public void close() {
    syscalls.free(block);
  }
}
