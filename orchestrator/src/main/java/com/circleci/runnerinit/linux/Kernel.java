package com.circleci.runnerinit.linux;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * All that this program asks of Linux: the seam at which a test puts a kernel that fails on demand.
 *
 * <p>A {@link KernelException} carries the error number. Descriptors that are opened here close on
 * exec. Calls that EINTR ended are made again.
 */
public interface Kernel {
  int processId();

  /** The effective user of this process. */
  long userId();

  /** The effective group of this process. */
  long groupId();

  /** The name of this host, which in a Pod is the Pod's (uname(2)). */
  String hostName() throws KernelException;

  /** The supplementary groups of this process (getgroups(2)). */
  List<Long> groups() throws KernelException;

  /** Entries of the form {@code NAME=value} as this process was started with, byte for byte. */
  List<byte[]> environment();

  /**
   * Overwrites the values of all variables whose names begin with the prefix in the block that
   * {@code /proc/self/environ} shows.
   */
  void wipeEnvironment(String prefix);

  /** Seconds east of UTC at a Unix time in seconds, by TZ and /etc/localtime. */
  long utcOffset(long unixSeconds);

  /** Gets the memory that starting a child takes. Its block is to be {@link #release}d. */
  PreparedSpawn prepare(SpawnRequest request);

  /** Starts a child and returns its process id; on failure no child is left. */
  int spawn(PreparedSpawn child) throws KernelException;

  /** Waits for any child without blocking; its zombie is gone then (wait4(2)). For one thread. */
  WaitResult waitForAnyChild();

  /**
   * Sends a signal (kill(2)).
   *
   * @param target a process; below -1, a process group; -1, all that may be signalled, less this
   *     process itself
   * @return false when there was nobody to send it to
   */
  boolean kill(int target, int signal);

  /** Makes orphans of this process's descendants its own children (PR_SET_CHILD_SUBREAPER). */
  void becomeSubreaper() throws KernelException;

  /** Keeps this process out of core dumps and its memory from its own user (PR_SET_DUMPABLE). */
  void forbidDumps() throws KernelException;

  /**
   * Replaces this program, with default signal dispositions and an empty mask; returns only by an
   * exception (execve(2)).
   */
  void execute(String path, List<String> arguments, List<byte[]> environment)
      throws KernelException;

  /** Ends the process at once; no exit handler runs. */
  void exit(int status);

  /** A descriptor that tells of each signal that {@link Signals#isTaken} names (signalfd(2)). */
  int openSignals() throws KernelException;

  /**
   * The signals that have come, in the kernel's order; none when none is pending. For one thread.
   */
  List<Integer> readSignals(int descriptor) throws KernelException;

  /** A counter by which one thread wakes another from {@link #poll} (eventfd(2)). */
  int openWakeup() throws KernelException;

  /** Makes a wakeup readable. Safe for any thread. */
  void wake(int wakeup);

  Pipe openPipe() throws KernelException;

  /** Has a pipe hold more at once; it stays as it is where that may not be (F_SETPIPE_SZ). */
  void enlarge(Pipe pipe, int bytes);

  /** Makes a pipe's end fail with EAGAIN where it would block. */
  void setNonBlocking(int descriptor) throws KernelException;

  /** An inotify instance that does not block (inotify(7)). */
  int openWatch() throws KernelException;

  /** Watches a directory for entries that appear, and for its own end. */
  void watchDirectory(int watch, String path) throws KernelException;

  /**
   * Waits until a descriptor is ready, or the time is over.
   *
   * @param timeout empty: as long as it takes
   * @return for each interest, whether it is ready, has failed or was hung up
   */
  boolean[] poll(List<Interest> interests, Optional<Duration> timeout);

  /** Memory outside the heap, zeroed; until the process ends unless it is released. */
  NativeBlock allocate(int bytes);

  void release(NativeBlock block);

  /**
   * Takes pages out of this process's memory (MADV_DONTNEED). What comes from a file is read again
   * when it is next touched; what has been changed in memory is lost.
   */
  void discardPages(long address, long bytes) throws KernelException;

  /** Reads what is there, up to a length; 0 is the end of the file (read(2)). */
  int read(int descriptor, NativeBlock into, int length) throws KernelException;

  /** Reads what is there, as much as the block holds. */
  default int read(int descriptor, NativeBlock into) throws KernelException {
    return read(descriptor, into, into.size());
  }

  /** Reads the beginning of a file, wherever its position is (pread(2)). */
  int readFromStart(int descriptor, NativeBlock into) throws KernelException;

  /** Writes a part of the block; returns how many bytes were taken (write(2)). */
  int write(int descriptor, NativeBlock from, int offset, int length) throws KernelException;

  /**
   * Writes the first bytes of the block, and waits while nobody reads. The descriptor may be
   * non-blocking all the same: whoever shares it, such as a child, can make it so for everybody.
   */
  default void writeAll(int descriptor, NativeBlock from, int length) throws KernelException {
    int written = 0;
    while (written < length) {
      try {
        written += write(descriptor, from, written, length - written);
      } catch (KernelException e) {
        if (e.errno() != Errno.EAGAIN) {
          throw e;
        }
        poll(List.of(Interest.inWriting(descriptor)), Optional.empty());
      }
    }
  }

  /**
   * Listens on TCP; neither the socket nor {@link #accept} blocks (socket(2), bind(2), listen(2)).
   *
   * @param host four bytes of an IPv4 address, or 16 of an IPv6 one, whose wildcard takes IPv4 too
   * @param port 0 lets the kernel choose
   */
  int listen(byte[] host, int port, int backlog) throws KernelException;

  /** The port that a socket listens on (getsockname(2)). */
  int port(int listener) throws KernelException;

  /**
   * The next connection, which does not block or hold back small answers; empty when none waits
   * (accept4(2)).
   */
  OptionalInt accept(int listener) throws KernelException;

  /** Lets the other side read to the end; what it still sends can be read (shutdown(2)). */
  void endOutput(int socket) throws KernelException;

  int openForReading(String path) throws KernelException;

  /**
   * Opens an existing file for writing, from its beginning. Never waits: a FIFO that nobody reads
   * is an error.
   */
  int openForWriting(String path) throws KernelException;

  /** Creates a file that was not there, with permission bits that no umask changes later. */
  int createExclusively(String path) throws KernelException;

  void close(int descriptor);

  boolean exists(String path);

  /** Whether this process may execute the file (faccessat(2)). */
  boolean mayExecute(String path);

  FileStatus status(String path) throws KernelException;

  /** Where a symbolic link points. */
  String readLink(String path) throws KernelException;

  /** The names in a directory, less "." and "..". */
  List<String> list(String directory) throws KernelException;

  /** The whole file, or its first bytes up to a limit. */
  byte[] readFile(String path, int limit) throws KernelException;

  /** Overwrites the beginning of an existing file, in one write(2). */
  void writeFile(String path, byte[] content) throws KernelException;

  /**
   * Has a new file share the blocks of another (FICLONE of ioctl_ficlone(2)); false where the file
   * system can't.
   */
  boolean share(int from, int to);

  /**
   * Takes the space that a file will need (fallocate(2)), so that a full disk is known before
   * anything is written, and blocks needn't be looked for piece by piece. A file system that can't
   * do that does nothing.
   *
   * @throws KernelException when the space is not there: ENOSPC or EDQUOT
   */
  void reserve(int descriptor, long bytes) throws KernelException;

  /**
   * Moves bytes between a file's position and a pipe, within the kernel (splice(2)).
   *
   * @return how many bytes were moved; 0 at the end of the file
   */
  int splice(int from, int to, int bytes) throws KernelException;

  /**
   * Has a part of a file written to the disk while this process goes on (sync_file_range(2)), so
   * that there is less left for {@link #sync}. A file system that can't do that does nothing.
   */
  void beginSync(int descriptor, long offset, long bytes);

  void setPermissions(int descriptor, int bits) throws KernelException;

  /** Waits until the file, or the directory's entries, are on the disk (fsync(2)). */
  void sync(int descriptor) throws KernelException;

  void makeDirectory(String path) throws KernelException;

  void makeSymbolicLink(String target, String path) throws KernelException;

  /** Renames over whatever was there, at once (rename(2)). */
  void rename(String from, String to) throws KernelException;

  void remove(String path) throws KernelException;

  /** Bytes that an unprivileged user may still write to the file system (fstatfs(2)). */
  long freeBytes(int descriptor) throws KernelException;
}
