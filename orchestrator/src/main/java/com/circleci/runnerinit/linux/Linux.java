package com.circleci.runnerinit.linux;

import static com.circleci.runnerinit.linux.Errno.EAGAIN;
import static com.circleci.runnerinit.linux.Errno.ECHILD;
import static com.circleci.runnerinit.linux.Errno.ECONNABORTED;
import static com.circleci.runnerinit.linux.Errno.EINTR;
import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** The kernel itself, asked by system calls. */
public final class Linux implements Kernel {
  private static final int AT_FDCWD = -100;
  private static final int WNOHANG = 1;
  private static final int PR_SET_DUMPABLE = 4;
  private static final int PR_SET_CHILD_SUBREAPER = 36;

  private static final int F_SETFL = 4;
  private static final int F_SETPIPE_SZ = 1031;
  private static final int FICLONE = 0x40049409;
  private static final int FALLOC_FL_KEEP_SIZE = 1;
  private static final int MADV_DONTNEED = 4;
  private static final int SYNC_FILE_RANGE_WRITE = 2;

  private static final int SOCK_STREAM = 1;
  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEADDR = 2;
  private static final int IPPROTO_TCP = 6;
  private static final int TCP_NODELAY = 1;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;
  private static final int SHUT_WR = 1;

  private static final int O_WRONLY = 1;
  private static final int O_CREAT = 0100;
  private static final int O_EXCL = 0200;
  private static final int O_NONBLOCK = 04000;
  private static final int O_CLOEXEC = 02000000;

  private static final int WATCHED_EVENTS = 0x100 | 0x80 | 0x4 | 0x400 | 0x800; // CREATE MOVED_TO …
  private static final int X_OK = 1;

  private static final int POLLFD_BYTES = 8;
  private static final short POLLIN = 1;
  private static final short POLLOUT = 4;
  private static final int SIGNAL_INFO_BYTES = 128;
  private static final int SIGNALS_A_READ = 32;
  private static final int DIRECTORY_BLOCK_BYTES = 32 * 1024;
  private static final int DIRENT_NAME_OFFSET = 19;
  private static final int UTSNAME_FIELDS = 6;
  private static final int UTSNAME_FIELD_BYTES = 65;
  private static final int PATH_BYTES = 4096;

  private final Syscalls syscalls;
  private final NativeBlock wakeCount;

  /**
   * Kept, for the one thread that waits and reads signals: orphans may end by the thousands, and
   * when memory is short that must not end a task.
   */
  private final NativeBlock waitStatus;

  private final NativeBlock signalInfo;

  public Linux(Syscalls syscalls) {
    this.syscalls = requireNonNull(syscalls, "syscalls is null");
    wakeCount = syscalls.allocate(Long.BYTES);
    wakeCount.bytes().putLong(0, 1);
    waitStatus = syscalls.allocate(Integer.BYTES);
    signalInfo = syscalls.allocate(SIGNAL_INFO_BYTES * SIGNALS_A_READ);
  }

  @Override
  public int processId() {
    return (int) call(Syscall.GETPID);
  }

  @Override
  public long userId() {
    return call(Syscall.GETEUID);
  }

  @Override
  public long groupId() {
    return call(Syscall.GETEGID);
  }

  @Override
  public String hostName() throws KernelException {
    NativeBlock block = syscalls.allocate(UTSNAME_FIELDS * UTSNAME_FIELD_BYTES);
    try {
      check(call(Syscall.UNAME, block.address()), "uname");
      byte[] nodeName = block.copy(UTSNAME_FIELD_BYTES, UTSNAME_FIELD_BYTES);
      return CStrings.decode(CStrings.untilNul(nodeName));
    } finally {
      syscalls.free(block);
    }
  }

  @Override
  public List<Long> groups() throws KernelException {
    int count = (int) check(call(Syscall.GETGROUPS, 0, 0), "getgroups");
    NativeBlock block = syscalls.allocate(Integer.BYTES * Math.max(1, count));
    try {
      count = (int) check(call(Syscall.GETGROUPS, count, block.address()), "getgroups");
      List<Long> groups = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        groups.add(Integer.toUnsignedLong(block.bytes().getInt(Integer.BYTES * i)));
      }
      return groups;
    } finally {
      syscalls.free(block);
    }
  }

  @Override
  public List<byte[]> environment() {
    int size = (int) syscalls.environment(0, 0);
    NativeBlock block = syscalls.allocate(Math.max(1, size));
    try {
      syscalls.environment(block.address(), size);
      return CStrings.split(block.copy(0, size));
    } finally {
      wipe(block);
      syscalls.free(block);
    }
  }

  @Override
  public void wipeEnvironment(String prefix) {
    try (PathArgument argument = new PathArgument(syscalls, prefix)) {
      syscalls.wipeEnvironment(argument.address());
    }
  }

  @Override
  public long utcOffset(long unixSeconds) {
    return syscalls.utcOffset(unixSeconds);
  }

  @Override
  public PreparedSpawn prepare(SpawnRequest request) {
    return new PreparedSpawn(request.path(), SpawnBlock.allocate(syscalls, request));
  }

  @Override
  public int spawn(PreparedSpawn child) throws KernelException {
    return (int) check(syscalls.spawn(child.block().address()), "fork/exec " + child.path());
  }

  @Override
  public WaitResult waitForAnyChild() {
    long pid = retry(Syscall.WAIT4, -1, waitStatus.address(), WNOHANG, 0);
    if (pid == -ECHILD) {
      return new WaitResult.NoChildren();
    }
    if (pid <= 0) {
      return new WaitResult.AllRunning();
    }
    return new WaitResult.Reaped((int) pid, waitStatus.bytes().getInt(0));
  }

  @Override
  public boolean kill(int target, int signal) {
    return call(Syscall.KILL, target, signal) == 0;
  }

  @Override
  public void becomeSubreaper() throws KernelException {
    check(call(Syscall.PRCTL, PR_SET_CHILD_SUBREAPER, 1), "prctl PR_SET_CHILD_SUBREAPER");
  }

  @Override
  public void forbidDumps() throws KernelException {
    check(call(Syscall.PRCTL, PR_SET_DUMPABLE, 0), "prctl PR_SET_DUMPABLE");
  }

  @Override
  public void execute(String path, List<String> arguments, List<byte[]> environment)
      throws KernelException {
    byte[] file = StringTable.bytes(path);
    List<byte[]> argv = arguments.stream().map(StringTable::bytes).toList();
    int size =
        StringTable.sizeOf(file) + StringTable.sizeOf(argv) + StringTable.sizeOf(environment);
    NativeBlock block = syscalls.allocate(size);
    try {
      StringTable strings = new StringTable(block, 0);
      long fileAt = strings.put(file);
      long argvAt = strings.put(argv);
      check(syscalls.execute(fileAt, argvAt, strings.put(environment)), "exec " + path);
    } finally {
      syscalls.free(block);
    }
  }

  @Override
  public void exit(int status) {
    call(Syscall.EXIT_GROUP, status);
  }

  @Override
  public int openSignals() throws KernelException {
    NativeBlock mask = syscalls.allocate(Long.BYTES);
    try {
      mask.bytes().putLong(0, Signals.takenMask());
      long descriptor =
          call(Syscall.SIGNALFD4, -1, mask.address(), Long.BYTES, O_CLOEXEC | O_NONBLOCK);
      return (int) check(descriptor, "signalfd");
    } finally {
      syscalls.free(mask);
    }
  }

  @Override
  public List<Integer> readSignals(int descriptor) throws KernelException {
    List<Integer> signals = new ArrayList<>();
    int read;
    do {
      read = readOrNothing(descriptor, signalInfo);
      for (int at = 0; at < read; at += SIGNAL_INFO_BYTES) {
        signals.add(signalInfo.bytes().getInt(at));
      }
    } while (read == signalInfo.size());
    return signals;
  }

  @Override
  public int openWakeup() throws KernelException {
    return (int) check(call(Syscall.EVENTFD2, 0, O_CLOEXEC | O_NONBLOCK), "eventfd");
  }

  @Override
  public void wake(int wakeup) {
    // A full counter (EAGAIN) is readable already.
    retry(Syscall.WRITE, wakeup, wakeCount.address(), Long.BYTES, 0);
  }

  @Override
  public Pipe openPipe() throws KernelException {
    NativeBlock ends = syscalls.allocate(2 * Integer.BYTES);
    try {
      check(call(Syscall.PIPE2, ends.address(), O_CLOEXEC), "pipe");
      return new Pipe(ends.bytes().getInt(0), ends.bytes().getInt(Integer.BYTES));
    } finally {
      syscalls.free(ends);
    }
  }

  @Override
  public void enlarge(Pipe pipe, int bytes) {
    call(Syscall.FCNTL, pipe.writeEnd(), F_SETPIPE_SZ, bytes);
  }

  @Override
  public void setNonBlocking(int descriptor) throws KernelException {
    check(call(Syscall.FCNTL, descriptor, F_SETFL, O_NONBLOCK), "fcntl");
  }

  @Override
  public int openWatch() throws KernelException {
    return (int) check(call(Syscall.INOTIFY_INIT1, O_CLOEXEC | O_NONBLOCK), "inotify_init");
  }

  @Override
  public void watchDirectory(int watch, String path) throws KernelException {
    try (PathArgument argument = new PathArgument(syscalls, path)) {
      check(
          call(Syscall.INOTIFY_ADD_WATCH, watch, argument.address(), WATCHED_EVENTS),
          "inotify_add_watch " + path);
    }
  }

  @Override
  public boolean[] poll(List<Interest> interests, Optional<Duration> timeout) {
    int timeAt = POLLFD_BYTES * interests.size();
    NativeBlock block = syscalls.allocate(timeAt + 2 * Long.BYTES);
    try {
      ByteBuffer bytes = block.bytes();
      for (int i = 0; i < interests.size(); i++) {
        Interest interest = interests.get(i);
        bytes.putInt(POLLFD_BYTES * i, interest.descriptor());
        bytes.putShort(POLLFD_BYTES * i + 4, interest.writing() ? POLLOUT : POLLIN);
      }
      timeout.ifPresent(time -> {
        bytes.putLong(timeAt, Math.max(0, time.getSeconds()));
        bytes.putLong(timeAt + Long.BYTES, time.isNegative() ? 0 : time.getNano());
      });
      long timeAddress = timeout.isPresent() ? block.address() + timeAt : 0;
      call(Syscall.PPOLL, block.address(), interests.size(), timeAddress, 0);
      boolean[] ready = new boolean[interests.size()];
      for (int i = 0; i < ready.length; i++) {
        ready[i] = bytes.getShort(POLLFD_BYTES * i + 6) != 0;
      }
      return ready;
    } finally {
      syscalls.free(block);
    }
  }

  @Override
  public NativeBlock allocate(int bytes) {
    return syscalls.allocate(bytes);
  }

  @Override
  public void release(NativeBlock block) {
    syscalls.free(block);
  }

  @Override
  public void discardPages(long address, long bytes) throws KernelException {
    check(call(Syscall.MADVISE, address, bytes, MADV_DONTNEED), "madvise");
  }

  @Override
  public int read(int descriptor, NativeBlock into, int length) throws KernelException {
    return (int) check(retry(Syscall.READ, descriptor, into.address(), length, 0), "read");
  }

  @Override
  public int readFromStart(int descriptor, NativeBlock into) throws KernelException {
    return (int) check(retry(Syscall.PREAD64, descriptor, into.address(), into.size(), 0), "pread");
  }

  @Override
  public int write(int descriptor, NativeBlock from, int offset, int length)
      throws KernelException {
    return (int)
        check(retry(Syscall.WRITE, descriptor, from.address() + offset, length, 0), "write");
  }

  @Override
  public int listen(byte[] host, int port, int backlog) throws KernelException {
    NativeBlock address = SocketAddressBlock.allocate(syscalls, host, port);
    NativeBlock value = syscalls.allocate(Integer.BYTES);
    int family = address.bytes().getShort(0);
    try {
      int socket =
          (int)
              check(
                  call(Syscall.SOCKET, family, SOCK_STREAM | O_CLOEXEC | O_NONBLOCK, 0), "socket");
      try {
        if (family == SocketAddressBlock.IPV6) {
          setOption(socket, IPPROTO_IPV6, IPV6_V6ONLY, value);
        }
        value.bytes().putInt(0, 1);
        setOption(socket, SOL_SOCKET, SO_REUSEADDR, value);
        check(call(Syscall.BIND, socket, address.address(), address.size()), "bind");
        check(call(Syscall.LISTEN, socket, backlog), "listen");
        return socket;
      } catch (KernelException e) {
        close(socket);
        throw e;
      }
    } finally {
      syscalls.free(value);
      syscalls.free(address);
    }
  }

  private void setOption(int socket, int level, int option, NativeBlock value)
      throws KernelException {
    check(
        call(Syscall.SETSOCKOPT, socket, level, option, value.address(), value.size()),
        "setsockopt");
  }

  @Override
  public int port(int listener) throws KernelException {
    NativeBlock block = syscalls.allocate(SocketAddressBlock.LARGEST + Integer.BYTES);
    try {
      block.bytes().putInt(SocketAddressBlock.LARGEST, SocketAddressBlock.LARGEST);
      long sizeAt = block.address() + SocketAddressBlock.LARGEST;
      check(call(Syscall.GETSOCKNAME, listener, block.address(), sizeAt), "getsockname");
      return SocketAddressBlock.port(block);
    } finally {
      syscalls.free(block);
    }
  }

  @Override
  public OptionalInt accept(int listener) throws KernelException {
    long socket;
    do {
      socket = call(Syscall.ACCEPT4, listener, 0, 0, O_CLOEXEC | O_NONBLOCK);
    } while (socket == -EINTR || socket == -ECONNABORTED);
    if (socket == -EAGAIN) {
      return OptionalInt.empty();
    }
    check(socket, "accept");
    NativeBlock value = syscalls.allocate(Integer.BYTES);
    value.bytes().putInt(0, 1);
    // If the client is gone already, reading will tell.
    call(Syscall.SETSOCKOPT, socket, IPPROTO_TCP, TCP_NODELAY, value.address(), value.size());
    syscalls.free(value);
    return OptionalInt.of((int) socket);
  }

  @Override
  public void endOutput(int socket) throws KernelException {
    check(call(Syscall.SHUTDOWN, socket, SHUT_WR), "shutdown");
  }

  @Override
  public int openForReading(String path) throws KernelException {
    return open(path, O_CLOEXEC, 0);
  }

  @Override
  public int openForWriting(String path) throws KernelException {
    return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0);
  }

  @Override
  public int createExclusively(String path) throws KernelException {
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  }

  private int open(String path, int flags, int mode) throws KernelException {
    try (PathArgument argument = new PathArgument(syscalls, path)) {
      return (int)
          check(retry(Syscall.OPENAT, AT_FDCWD, argument.address(), flags, mode), "open " + path);
    }
  }

  @Override
  public void close(int descriptor) {
    call(Syscall.CLOSE, descriptor);
  }

  @Override
  public boolean exists(String path) {
    return accessible(path, 0);
  }

  @Override
  public boolean mayExecute(String path) {
    return accessible(path, X_OK);
  }

  private boolean accessible(String path, int mode) {
    try (PathArgument argument = new PathArgument(syscalls, path)) {
      return call(Syscall.FACCESSAT, AT_FDCWD, argument.address(), mode) == 0;
    }
  }

  @Override
  public FileStatus status(String path) throws KernelException {
    NativeBlock block = syscalls.allocate(StatxBlock.BYTES);
    try (PathArgument argument = new PathArgument(syscalls, path)) {
      long result =
          call(
              Syscall.STATX,
              AT_FDCWD,
              argument.address(),
              0,
              StatxBlock.BASIC_STATS,
              block.address());
      check(result, "stat " + path);
      return StatxBlock.decode(block);
    } finally {
      syscalls.free(block);
    }
  }

  @Override
  public String readLink(String path) throws KernelException {
    NativeBlock block = syscalls.allocate(PATH_BYTES);
    try (PathArgument argument = new PathArgument(syscalls, path)) {
      long length =
          call(Syscall.READLINKAT, AT_FDCWD, argument.address(), block.address(), block.size());
      return CStrings.decode(block.copy(0, (int) check(length, "readlink " + path)));
    } finally {
      syscalls.free(block);
    }
  }

  @Override
  public List<String> list(String directory) throws KernelException {
    int descriptor = openForReading(directory);
    NativeBlock block = syscalls.allocate(DIRECTORY_BLOCK_BYTES);
    try {
      List<String> names = new ArrayList<>();
      int length;
      while ((length =
              (int)
                  check(
                      call(Syscall.GETDENTS64, descriptor, block.address(), block.size()),
                      "readdir " + directory))
          > 0) {
        collectNames(block, length, names);
      }
      return names;
    } finally {
      syscalls.free(block);
      close(descriptor);
    }
  }

  private static void collectNames(NativeBlock block, int length, List<String> names) {
    int recordLength;
    for (int at = 0; at < length; at += recordLength) {
      recordLength = Short.toUnsignedInt(block.bytes().getShort(at + 16));
      byte[] padded = block.copy(at + DIRENT_NAME_OFFSET, recordLength - DIRENT_NAME_OFFSET);
      String name = CStrings.decode(CStrings.untilNul(padded));
      if (!name.equals(".") && !name.equals("..")) {
        names.add(name);
      }
    }
  }

  @Override
  public byte[] readFile(String path, int limit) throws KernelException {
    int descriptor = openForReading(path);
    NativeBlock block = syscalls.allocate(limit);
    try {
      int length = 0;
      int read;
      do {
        read =
            (int)
                check(
                    retry(Syscall.READ, descriptor, block.address() + length, limit - length, 0),
                    "read " + path);
        length += read;
      } while (read > 0 && length < limit);
      return block.copy(0, length);
    } finally {
      syscalls.free(block);
      close(descriptor);
    }
  }

  @Override
  public void writeFile(String path, byte[] content) throws KernelException {
    NativeBlock block = syscalls.allocate(Math.max(1, content.length));
    try {
      block.bytes().put(0, content);
      int descriptor = openForWriting(path);
      try {
        write(descriptor, block, 0, content.length);
      } finally {
        close(descriptor);
      }
    } finally {
      syscalls.free(block);
    }
  }

  @Override
  public boolean share(int from, int to) {
    return call(Syscall.IOCTL, to, FICLONE, from) == 0;
  }

  @Override
  public void reserve(int descriptor, long bytes) throws KernelException {
    long result = call(Syscall.FALLOCATE, descriptor, FALLOC_FL_KEEP_SIZE, 0, bytes);
    if (result == -Errno.ENOSPC || result == -Errno.EDQUOT) {
      check(result, "fallocate");
    }
  }

  @Override
  public int splice(int from, int to, int bytes) throws KernelException {
    return (int) check(retry(Syscall.SPLICE, from, 0, to, 0, bytes, 0), "splice");
  }

  @Override
  public void beginSync(int descriptor, long offset, long bytes) {
    call(Syscall.SYNC_FILE_RANGE, descriptor, offset, bytes, SYNC_FILE_RANGE_WRITE);
  }

  @Override
  public void setPermissions(int descriptor, int bits) throws KernelException {
    check(call(Syscall.FCHMOD, descriptor, bits), "chmod");
  }

  @Override
  public void sync(int descriptor) throws KernelException {
    check(call(Syscall.FSYNC, descriptor), "fsync");
  }

  @Override
  public void makeDirectory(String path) throws KernelException {
    try (PathArgument argument = new PathArgument(syscalls, path)) {
      check(call(Syscall.MKDIRAT, AT_FDCWD, argument.address(), 0755), "mkdir " + path);
    }
  }

  @Override
  public void makeSymbolicLink(String target, String path) throws KernelException {
    try (PathArgument targetArgument = new PathArgument(syscalls, target);
        PathArgument pathArgument = new PathArgument(syscalls, path)) {
      check(
          call(Syscall.SYMLINKAT, targetArgument.address(), AT_FDCWD, pathArgument.address()),
          "symlink " + path);
    }
  }

  @Override
  public void rename(String from, String to) throws KernelException {
    try (PathArgument fromArgument = new PathArgument(syscalls, from);
        PathArgument toArgument = new PathArgument(syscalls, to)) {
      check(
          call(
              Syscall.RENAMEAT2,
              AT_FDCWD,
              fromArgument.address(),
              AT_FDCWD,
              toArgument.address(),
              0),
          "rename " + from + " " + to);
    }
  }

  @Override
  public void remove(String path) throws KernelException {
    try (PathArgument argument = new PathArgument(syscalls, path)) {
      check(call(Syscall.UNLINKAT, AT_FDCWD, argument.address(), 0), "remove " + path);
    }
  }

  @Override
  public long freeBytes(int descriptor) throws KernelException {
    NativeBlock block = syscalls.allocate(120);
    try {
      check(call(Syscall.FSTATFS, descriptor, block.address()), "statfs");
      return block.bytes().getLong(8) * block.bytes().getLong(32);
    } finally {
      syscalls.free(block);
    }
  }

  private int readOrNothing(int descriptor, NativeBlock block) throws KernelException {
    long read = retry(Syscall.READ, descriptor, block.address(), block.size(), 0);
    return read == -EAGAIN ? 0 : (int) check(read, "read");
  }

  private static void wipe(NativeBlock block) {
    block.bytes().put(0, new byte[block.size()]);
  }

  private static long check(long result, String what) throws KernelException {
    if (result < 0) {
      throw new KernelException(what, (int) -result);
    }
    return result;
  }

  private long retry(Syscall syscall, long a, long b, long c, long d) {
    return retry(syscall, a, b, c, d, 0, 0);
  }

  private long retry(Syscall syscall, long a, long b, long c, long d, long e, long f) {
    long result;
    do {
      result = call(syscall, a, b, c, d, e, f);
    } while (result == -EINTR);
    return result;
  }

  // One for each number of arguments, since an array of them would be garbage in every event.

  private long call(Syscall syscall) {
    return call(syscall, 0);
  }

  private long call(Syscall syscall, long a) {
    return call(syscall, a, 0);
  }

  private long call(Syscall syscall, long a, long b) {
    return call(syscall, a, b, 0);
  }

  private long call(Syscall syscall, long a, long b, long c) {
    return call(syscall, a, b, c, 0);
  }

  private long call(Syscall syscall, long a, long b, long c, long d) {
    return call(syscall, a, b, c, d, 0, 0);
  }

  private long call(Syscall syscall, long a, long b, long c, long d, long e) {
    return call(syscall, a, b, c, d, e, 0);
  }

  private long call(Syscall syscall, long a, long b, long c, long d, long e, long f) {
    return syscalls.invoke(syscall.number(), a, b, c, d, e, f);
  }
}
