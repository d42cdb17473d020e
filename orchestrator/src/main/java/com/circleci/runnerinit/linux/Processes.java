package com.circleci.runnerinit.linux;

import static com.circleci.runnerinit.linux.Errno.ECHILD;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongBinaryOperator;

/** Processes and their threads: this one, its children, and whom it signals. */
public final class Processes extends SystemCalls {
  private static final int WNOHANG = 1;
  private static final int PR_SET_DUMPABLE = 4;
  private static final int PR_SET_CHILD_SUBREAPER = 36;
  private static final int UTSNAME_FIELDS = 6;
  private static final int UTSNAME_FIELD_BYTES = 65;
  private static final int SPAWN_FIELDS_BYTES = 14 * Long.BYTES;

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
    try (NativeBlock block = syscalls.allocate(Integer.BYTES * Math.max(1, count))) {
      count = (int) check(call(Syscall.GETGROUPS, count, block.address()), "getgroups");
      List<Long> groups = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        groups.add(Integer.toUnsignedLong(block.bytes().getInt(Integer.BYTES * i)));
      }
      return groups;
    }
  }

  /** The name of this host, which in a Pod is the Pod's (uname(2)). */
  public String hostName() throws KernelException {
    try (NativeBlock block = syscalls.allocate(UTSNAME_FIELDS * UTSNAME_FIELD_BYTES)) {
      check(call(Syscall.UNAME, block.address()), "uname");
      return CStrings.decode(
          CStrings.untilNul(block.copy(UTSNAME_FIELD_BYTES, UTSNAME_FIELD_BYTES)));
    }
  }

  /** The words that this process was started with, its own name first. */
  public List<String> arguments() {
    return initialStrings(syscalls::arguments).stream().map(CStrings::decode).toList();
  }

  /** Entries of the form {@code NAME=value} as this process was started with, byte for byte. */
  public List<byte[]> environment() {
    return initialStrings(syscalls::environment);
  }

  private List<byte[]> initialStrings(LongBinaryOperator source) {
    int size = (int) source.applyAsLong(0, 0);
    try (NativeBlock block = syscalls.allocate(Math.max(1, size))) {
      byte[] run = block.copy(0, (int) source.applyAsLong(block.address(), size));
      block.wipe();
      return CStrings.split(run);
    }
  }

  /**
   * Overwrites the values of all variables whose names begin with the prefix in the block that
   * {@code /proc/self/environ} shows.
   */
  public void wipeEnvironment(String prefix) {
    try (NativeBlock block = string(prefix)) {
      syscalls.wipeEnvironment(block.address());
    }
  }

  /**
   * Starts a child; on failure none is left.
   *
   * @param last run when only the kernel can refuse it any more: all the memory is there
   * @return its process id
   */
  public int spawn(SpawnRequest request, Runnable last) throws KernelException {
    try (NativeBlock block = describe(request)) {
      last.run();
      return (int) check(syscalls.spawn(block.address()), "fork/exec " + request.path());
    }
  }

  /** {@code struct spawn_request} of runner_init.c: fields of eight bytes, then what they name. */
  private NativeBlock describe(SpawnRequest request) {
    byte[] path = CStrings.encode(request.path());
    List<byte[]> arguments = request.arguments().stream().map(CStrings::encode).toList();
    List<Long> groups = request.credentials().flatMap(Credentials::groups).orElse(List.of());

    int size =
        SPAWN_FIELDS_BYTES
            + Long.BYTES * groups.size()
            + StringTable.sizeOf(path)
            + StringTable.sizeOf(arguments)
            + StringTable.sizeOf(request.environment());
    NativeBlock block = syscalls.allocate(size);
    ByteBuffer fields = block.bytes();

    int groupsAt = SPAWN_FIELDS_BYTES;
    for (int i = 0; i < groups.size(); i++) {
      fields.putInt(groupsAt + Integer.BYTES * i, groups.get(i).intValue());
    }
    StringTable strings = new StringTable(block, groupsAt + Long.BYTES * groups.size());

    fields.putLong(strings.put(path));
    fields.putLong(strings.put(arguments));
    fields.putLong(strings.put(request.environment()));
    fields.putLong(request.standardInput());
    fields.putLong(request.standardOutput());
    fields.putLong(request.standardError());
    fields.putLong(request.foreground() ? 1 : 0);
    fields.putLong(request.credentials().isPresent() ? 1 : 0);
    fields.putLong(request.credentials().map(Credentials::uid).orElse(0L));
    fields.putLong(request.credentials().map(Credentials::gid).orElse(0L));
    fields.putLong(
        request.credentials().flatMap(Credentials::groups).isPresent() ? groups.size() : -1);
    fields.putLong(block.address() + groupsAt);
    return block;
  }

  /** Waits for any child without blocking; its zombie is gone then (wait4(2)). For one thread. */
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
    try (NativeBlock block = syscalls.allocate(size)) {
      StringTable strings = new StringTable(block, 0);
      long fileAt = strings.put(file);
      long argvAt = strings.put(argv);
      check(syscalls.execute(fileAt, argvAt, strings.put(environment)), "exec " + path);
    }
  }

  /** Ends the process at once; no exit handler runs. */
  public void exit(int status) {
    call(Syscall.EXIT_GROUP, status);
  }
}
