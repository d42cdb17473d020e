package com.circleci.runnerinit.linux;

/** What all that is asked of the kernel has in common: the call, its repetition, its failure. */
abstract class SystemCalls {
  final Syscalls syscalls;

  SystemCalls(Syscalls syscalls) {
    this.syscalls = syscalls;
  }

  static long check(long result, String what) throws KernelException {
    if (result < 0) {
      throw new KernelException(what, (int) -result);
    }
    return result;
  }

  /** A text as a C string. */
  final NativeBlock string(String text) {
    byte[] bytes = CStrings.encode(text);
    NativeBlock block = syscalls.allocate(bytes.length + 1);
    block.bytes().put(0, bytes);
    return block;
  }

  /** Makes a call that a signal interrupted again. */
  final long retry(Syscall syscall, long a, long b, long c, long d) {
    return retry(syscall, a, b, c, d, 0, 0);
  }

  final long retry(Syscall syscall, long a, long b, long c, long d, long e, long f) {
    long result;
    do {
      result = call(syscall, a, b, c, d, e, f);
    } while (result == -Errno.EINTR);
    return result;
  }

  // One for each number of arguments, since an array of them would be garbage in every event.

  final long call(Syscall syscall) {
    return call(syscall, 0);
  }

  final long call(Syscall syscall, long a) {
    return call(syscall, a, 0);
  }

  final long call(Syscall syscall, long a, long b) {
    return call(syscall, a, b, 0);
  }

  final long call(Syscall syscall, long a, long b, long c) {
    return call(syscall, a, b, c, 0);
  }

  final long call(Syscall syscall, long a, long b, long c, long d) {
    return call(syscall, a, b, c, d, 0, 0);
  }

  final long call(Syscall syscall, long a, long b, long c, long d, long e) {
    return call(syscall, a, b, c, d, e, 0);
  }

  final long call(Syscall syscall, long a, long b, long c, long d, long e, long f) {
    return syscalls.invoke(syscall.number(), a, b, c, d, e, f);
  }
}
