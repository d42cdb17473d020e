package com.circleci.runnerinit.linux;

/** The system calls in use, by their numbers on x86-64 and on AArch64 (syscalls(2)). */
enum Syscall {
  ACCEPT4(288, 242),
  BIND(49, 200),
  CLOSE(3, 57),
  CONNECT(42, 203),
  EVENTFD2(290, 19),
  EXIT_GROUP(231, 94),
  FACCESSAT(269, 48),
  FCHMOD(91, 52),
  FCNTL(72, 25),
  FLOCK(73, 32),
  FSTAT(5, 80),
  FSTATFS(138, 44),
  GETCWD(79, 17),
  GETDENTS64(217, 61),
  GETEGID(108, 177),
  GETEUID(107, 175),
  GETGROUPS(115, 158),
  GETPID(39, 172),
  GETRANDOM(318, 278),
  GETSOCKNAME(51, 204),
  GETSOCKOPT(55, 209),
  INOTIFY_ADD_WATCH(254, 27),
  INOTIFY_INIT1(294, 26),
  IOCTL(16, 29),
  KILL(62, 129),
  LISTEN(50, 201),
  MADVISE(28, 233),
  MKDIRAT(258, 34),
  NEWFSTATAT(262, 79),
  OPENAT(257, 56),
  PIPE2(293, 59),
  PPOLL(271, 73),
  PRCTL(157, 167),
  PREAD64(17, 67),
  READ(0, 63),
  READLINKAT(267, 78),
  RENAMEAT(264, 38),
  SENDFILE(40, 71),
  SETSOCKOPT(54, 208),
  SHUTDOWN(48, 210),
  SIGNALFD4(289, 74),
  SOCKET(41, 198),
  SYMLINKAT(266, 36),
  UMASK(95, 166),
  UNAME(63, 160),
  UNLINKAT(263, 35),
  WAIT4(61, 260),
  WRITE(1, 64);

  private static final boolean AARCH64 = System.getProperty("os.arch").equals("aarch64");

  final int x86;
  final int aarch64;

  Syscall(int x86, int aarch64) {
    this.x86 = x86;
    this.aarch64 = aarch64;
  }

  int number() {
    return AARCH64 ? aarch64 : x86;
  }
}
