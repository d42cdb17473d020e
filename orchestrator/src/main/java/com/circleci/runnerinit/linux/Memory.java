package com.circleci.runnerinit.linux;

/** Memory outside the heap, by which this program and the kernel exchange bytes. */
public final class Memory extends SystemCalls {
  private static final int MADV_DONTNEED = 4;

  Memory(Syscalls syscalls) {
    super(syscalls);
  }

  public NativeBlock allocate(int bytes) {
    return syscalls.allocate(bytes);
  }

  /**
   * Takes pages out of this process's memory (MADV_DONTNEED). What comes from a file is read again
   * when it is next touched; what has been changed in memory is lost.
   */
  public void discardPages(long address, long bytes) throws KernelException {
    check(call(Syscall.MADVISE, address, bytes, MADV_DONTNEED), "madvise");
  }

  /** Bytes that nobody can guess; needs no device (getrandom(2)). */
  public byte[] random(int count) throws KernelException {
    try (NativeBlock block = syscalls.allocate(Math.max(1, count))) {
      int got = 0;
      while (got < count) {
        long more = retry(Syscall.GETRANDOM, block.address() + got, count - got, 0, 0);
        got += (int) check(more, "getrandom");
      }
      byte[] random = block.copy(0, count);
      block.wipe();
      return random;
    }
  }
}
