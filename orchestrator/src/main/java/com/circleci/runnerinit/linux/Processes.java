package com.circleci.runnerinit.linux;

import static com.circleci.runnerinit.linux.Errno.ECHILD;

import java.util.ArrayList;
import java.util.List;

/** Processes and their threads: this one, its children, and whom it signals. */
public final class Processes extends SystemCalls {
  private static final int WNOHANG = 1;
  private static final int PR_SET_DUMPABLE = 4;
  private static final int PR_SET_CHILD_SUBREAPER = 36;
  private static final int UTSNAME_FIELDS = 6;
  private static final int UTSNAME_FIELD_BYTES = 65;

  /**
   * Kept, for the one thread that waits: orphans may end by the thousands, and when memory is short
   * that must not end a task.
   */
  private final NativeBlock waitStatus;

  Processes(Syscalls syscalls) {
    super(syscalls);
    waitStatus = syscalls.allocate(Integer.BYTES);
  }

  public int processId() {
    return (int) call(Syscall.GETPID);
  }

  /** The effective user of this process. */
  public long userId() {
    return call(Syscall.GETEUID);
  }

  /** The effective group of this process. */
  public long groupId() {
    return call(Syscall.GETEGID);
  }

  /** The supplementary groups of this process (getgroups(2)). */
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

  /** The name of this host, which in a Pod is the Pod's (uname(2)). */
  public String hostName() throws KernelException {
    NativeBlock block = syscalls.allocate(UTSNAME_FIELDS * UTSNAME_FIELD_BYTES);
    try {
      check(call(Syscall.UNAME, block.address()), "uname");
      return CStrings.decode(
          CStrings.untilNul(block.copy(UTSNAME_FIELD_BYTES, UTSNAME_FIELD_BYTES)));
    } finally {
      syscalls.free(block);
    }
  }

  /** The words that this process was started with, its own name first. */
  public List<String> arguments() {
    return initialStrings(Syscalls::arguments).stream().map(CStrings::decode).toList();
  }

  /** Entries of the form {@code NAME=value} as this process was started with, byte for byte. */
  public List<byte[]> environment() {
    return initialStrings(Syscalls::environment);
  }

  @FunctionalInterface
  private interface InitialBlock {
    long copy(Syscalls syscalls, long buffer, long bytes);
  }

  private List<byte[]> initialStrings(InitialBlock source) {
    int size = (int) source.copy(syscalls, 0, 0);
    NativeBlock block = syscalls.allocate(Math.max(1, size));
    try {
      source.copy(syscalls, block.address(), size);
      return CStrings.split(block.copy(0, size));
    } finally {
      block.wipe();
      syscalls.free(block);
    }
  }

  /**
   * Overwrites the values of all variables whose names begin with the prefix in the block that
   * {@code /proc/self/environ} shows.
   */
  public void wipeEnvironment(String prefix) {
    try (PathArgument argument = new PathArgument(syscalls, prefix)) {
      syscalls.wipeEnvironment(argument.address());
    }
  }

  /** Gets the memory that starting a child takes. Its block is to be released. */
  public PreparedSpawn prepare(SpawnRequest request) {
    return new PreparedSpawn(request.path(), SpawnBlock.allocate(syscalls, request));
  }

  /** Starts a child and returns its process id; on failure no child is left. */
  public int spawn(PreparedSpawn child) throws KernelException {
    return (int) check(syscalls.spawn(child.block().address()), "fork/exec " + child.path());
  }

  /**
   * Waits for any child without blocking; its zombie is gone then (wait4(2)). For one thread.
   *
   * @throws KernelException when waiting is forbidden
   */
  public WaitResult waitForAnyChild() throws KernelException {
    long pid = retry(Syscall.WAIT4, -1, waitStatus.address(), WNOHANG, 0);
    if (pid == -ECHILD) {
      return new WaitResult.NoChildren();
    }
    return check(pid, "wait") == 0
        ? new WaitResult.AllRunning()
        : new WaitResult.Reaped((int) pid, waitStatus.bytes().getInt(0));
  }

  /** What became of a signal. */
  public enum Sent {
    DELIVERED,
    /** There was nobody to send it to. */
    NOBODY,
    /** To none of those that there are may this process send it. */
    REFUSED
  }

  /**
   * Sends a signal (kill(2)).
   *
   * @param target a process; below -1, a process group; -1, all that may be signalled, less this
   *     process itself
   */
  public Sent kill(int target, int signal) {
    long result = call(Syscall.KILL, target, signal);
    return result == 0 ? Sent.DELIVERED : result == -Errno.ESRCH ? Sent.NOBODY : Sent.REFUSED;
  }

  /** Makes orphans of this process's descendants its own children (PR_SET_CHILD_SUBREAPER). */
  public void becomeSubreaper() throws KernelException {
    check(call(Syscall.PRCTL, PR_SET_CHILD_SUBREAPER, 1), "prctl PR_SET_CHILD_SUBREAPER");
  }

  /** Keeps this process out of core dumps and its memory from its own user (PR_SET_DUMPABLE). */
  public void forbidDumps() throws KernelException {
    check(call(Syscall.PRCTL, PR_SET_DUMPABLE, 0), "prctl PR_SET_DUMPABLE");
  }

  /**
   * Starts a thread of this process, which does not keep it from ending.
   *
   * @throws OutOfMemoryError when none is to be had
   */
  public void startThread(String name, int stackBytes, Runnable body) {
    syscalls.startThread(name, stackBytes, body);
  }

  /**
   * Replaces this program, with default signal dispositions and an empty mask; returns only by an
   * exception (execve(2)).
   */
  public void execute(String path, List<String> arguments, List<byte[]> environment)
      throws KernelException {
    byte[] file = CStrings.encode(path);
    List<byte[]> argv = arguments.stream().map(CStrings::encode).toList();
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

  /** Ends the process at once; no exit handler runs. */
  public void exit(int status) {
    call(Syscall.EXIT_GROUP, status);
  }
}
