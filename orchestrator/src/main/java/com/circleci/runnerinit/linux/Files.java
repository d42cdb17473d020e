package com.circleci.runnerinit.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Files by their paths, and what only files can do. Nothing here waits for another process: what
 * the image or the task can replace may be a FIFO.
 */
public final class Files extends SystemCalls {
  private static final int AT_FDCWD = -100;
  private static final int X_OK = 1;
  private static final int O_WRONLY = 1;
  private static final int O_CREAT = 0100;
  private static final int O_EXCL = 0200;
  private static final int O_NOCTTY = 0400;
  private static final int O_TRUNC = 01000;
  private static final int O_NOFOLLOW =
      System.getProperty("os.arch").equals("aarch64") ? 0100000 : 0400000;
  private static final int FLAGS = Descriptors.O_CLOEXEC | Descriptors.O_NONBLOCK | O_NOCTTY;

  private static final int FICLONE = 0x40049409;
  private static final int LOCK_SH = 1;
  private static final int LOCK_EX = 2;
  private static final int LOCK_NB = 4;
  private static final int WATCHED_EVENTS = 0x100 | 0x80 | 0x4 | 0x400 | 0x800; // CREATE MOVED_TO …

  private static final int STAT_BYTES = 144;
  private static final int STATFS_BYTES = 120;
  private static final int PATH_BYTES = 4096;
  private static final int DIRECTORY_BLOCK_BYTES = 32 * 1024;
  private static final int DIRENT_LENGTH_AT = 16;
  private static final int DIRENT_NAME_AT = 19;
  private static final int FIRST_READ_BYTES = 4096;

  Files(Syscalls syscalls) {
    super(syscalls);
  }

  /** Opens what is there, a FIFO too, without waiting. */
  public int openForReading(String path) throws KernelException {
    return open(path, FLAGS, 0);
  }

  /** Opens an existing file for writing, from its beginning. */
  public int openForWriting(String path) throws KernelException {
    return open(path, O_WRONLY | FLAGS, 0);
  }

  /** Creates a file that was not there, with permission bits that no umask changes later. */
  public int createExclusively(String path) throws KernelException {
    return open(path, O_WRONLY | O_CREAT | O_EXCL | FLAGS, 0600);
  }

  private int open(String path, int flags, int mode) throws KernelException {
    long result = callAt(Syscall.OPENAT, path, flags, mode);
    if (result == -Errno.ENXIO) {
      // A socket, a device without its driver, a FIFO without its reader.
      throw new KernelException("open " + path, "not a regular file");
    }
    return (int) check(result, "open " + path);
  }

  /** Makes a call about what a path names. */
  private long callAt(Syscall syscall, String path, long c, long d) {
    try (NativeBlock block = string(path)) {
      return retry(syscall, AT_FDCWD, block.address(), c, d);
    }
  }

  public boolean exists(String path) {
    return callAt(Syscall.FACCESSAT, path, 0, 0) == 0;
  }

  /** Whether this process may execute the file (faccessat(2)). */
  public boolean mayExecute(String path) {
    return callAt(Syscall.FACCESSAT, path, X_OK, 0) == 0;
  }

  public FileStatus status(String path) throws KernelException {
    try (NativeBlock block = syscalls.allocate(STAT_BYTES)) {
      check(callAt(Syscall.NEWFSTATAT, path, block.address(), 0), "stat " + path);
      return FileStatus.decode(block);
    }
  }

  /** The path is for the message. */
  public FileStatus status(int descriptor, String path) throws KernelException {
    try (NativeBlock block = syscalls.allocate(STAT_BYTES)) {
      check(call(Syscall.FSTAT, descriptor, block.address()), "stat " + path);
      return FileStatus.decode(block);
    }
  }

  public String readLink(String path) throws KernelException {
    try (NativeBlock block = syscalls.allocate(PATH_BYTES)) {
      long length = callAt(Syscall.READLINKAT, path, block.address(), block.size());
      return CStrings.decode(block.copy(0, (int) check(length, "readlink " + path)));
    }
  }

  public String workingDirectory() throws KernelException {
    try (NativeBlock block = syscalls.allocate(PATH_BYTES)) {
      check(call(Syscall.GETCWD, block.address(), block.size()), "getcwd");
      return CStrings.decode(CStrings.untilNul(block.copy(0, block.size())));
    }
  }

  /** The names in a directory, less "." and "..". */
  public List<String> list(String directory) throws KernelException {
    int descriptor = openForReading(directory);
    try (NativeBlock block = syscalls.allocate(DIRECTORY_BLOCK_BYTES)) {
      List<String> names = new ArrayList<>();
      int length;
      do {
        long read = call(Syscall.GETDENTS64, descriptor, block.address(), block.size());
        length = (int) check(read, "readdir " + directory);
        collectNames(block, length, names);
      } while (length > 0);
      return names;
    } finally {
      close(descriptor);
    }
  }

  private static void collectNames(NativeBlock block, int length, List<String> names) {
    int recordLength;
    for (int at = 0; at < length; at += recordLength) {
      recordLength = Short.toUnsignedInt(block.bytes().getShort(at + DIRENT_LENGTH_AT));
      byte[] padded = block.copy(at + DIRENT_NAME_AT, recordLength - DIRENT_NAME_AT);
      String name = CStrings.decode(CStrings.untilNul(padded));
      if (!name.equals(".") && !name.equals("..")) {
        names.add(name);
      }
    }
  }

  /**
   * The whole of a regular file, or its first bytes up to a limit.
   *
   * @throws KernelException also when it is something else, which might never end or never begin
   */
  public byte[] read(String path, int limit) throws KernelException {
    int descriptor = openForReading(path);
    NativeBlock block = syscalls.allocate(Math.min(limit, FIRST_READ_BYTES));
    try {
      if (!status(descriptor, path).isRegular()) {
        throw new KernelException("read " + path, "not a regular file");
      }
      int length = 0;
      while (length < limit) {
        if (length == block.size()) {
          block = grown(block, limit);
        }
        long read =
            retry(Syscall.READ, descriptor, block.address() + length, block.size() - length, 0);
        if (check(read, "read " + path) == 0) {
          break;
        }
        length += (int) read;
      }
      return block.copy(0, length);
    } finally {
      block.close();
      close(descriptor);
    }
  }

  private NativeBlock grown(NativeBlock block, int limit) {
    NativeBlock larger = syscalls.allocate((int) Math.min(limit, 4L * block.size()));
    larger.bytes().put(0, block.bytes(), 0, block.size());
    block.close();
    return larger;
  }

  /**
   * Replaces the content of an existing regular file, which is no symbolic link: else a task could
   * have any file of its choice overwritten.
   */
  public void overwrite(String path, byte[] content) throws KernelException {
    try (NativeBlock block = syscalls.allocate(Math.max(1, content.length))) {
      block.bytes().put(0, content);
      int descriptor = open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | FLAGS, 0);
      try {
        if (!status(descriptor, path).isRegular()) {
          throw new KernelException("write " + path, "not a regular file");
        }
        int written = 0;
        while (written < content.length) {
          long count = (long) content.length - written;
          long result = retry(Syscall.WRITE, descriptor, block.address() + written, count, 0);
          written += (int) check(result, "write " + path);
        }
      } finally {
        close(descriptor);
      }
    }
  }

  /** An inotify instance that does not block (inotify(7)). */
  public int openWatch() throws KernelException {
    int flags = Descriptors.O_CLOEXEC | Descriptors.O_NONBLOCK;
    return (int) check(call(Syscall.INOTIFY_INIT1, flags), "inotify_init");
  }

  /** Watches a directory for entries that appear, and for its own end. */
  public void watchDirectory(int watch, String path) throws KernelException {
    try (NativeBlock block = string(path)) {
      check(
          call(Syscall.INOTIFY_ADD_WATCH, watch, block.address(), WATCHED_EVENTS),
          "inotify_add_watch " + path);
    }
  }

  /**
   * Has a new file share the blocks of another (FICLONE of ioctl_ficlone(2)); false where the file
   * system can't.
   */
  public boolean share(int from, int to) {
    return call(Syscall.IOCTL, to, FICLONE, from) == 0;
  }

  public void setPermissions(int descriptor, int bits) throws KernelException {
    check(call(Syscall.FCHMOD, descriptor, bits), "chmod");
  }

  /** With permission bits 755 from the first moment on, whatever the umask. */
  public void makeDirectory(String path) throws KernelException {
    long umask = call(Syscall.UMASK, 0);
    try {
      check(callAt(Syscall.MKDIRAT, path, 0755, 0), "mkdir " + path);
    } finally {
      if (umask >= 0) {
        call(Syscall.UMASK, umask);
      }
    }
  }

  public void makeSymbolicLink(String target, String path) throws KernelException {
    try (NativeBlock to = string(target);
        NativeBlock at = string(path)) {
      check(call(Syscall.SYMLINKAT, to.address(), AT_FDCWD, at.address()), "symlink " + path);
    }
  }

  /** Renames over whatever was there, at once (rename(2)). */
  public void rename(String from, String to) throws KernelException {
    try (NativeBlock block = string(to)) {
      long result = callAt(Syscall.RENAMEAT, from, AT_FDCWD, block.address());
      check(result, "rename " + from + " " + to);
    }
  }

  /** Removes a file, if that can be. */
  public void remove(String path) {
    callAt(Syscall.UNLINKAT, path, 0, 0);
  }

  /**
   * Bytes that an unprivileged user may still write to the file system, if it tells (fstatfs(2)).
   */
  public OptionalLong freeBytes(int descriptor) {
    try (NativeBlock block = syscalls.allocate(STATFS_BYTES)) {
      if (call(Syscall.FSTATFS, descriptor, block.address()) < 0) {
        return OptionalLong.empty();
      }
      long blocks = block.bytes().getLong(32);
      long blockBytes = block.bytes().getLong(8);
      // Blocks are counted by f_frsize, where the file system has one.
      long fragmentBytes = block.bytes().getLong(72);
      return OptionalLong.of(blocks * (fragmentBytes > 0 ? fragmentBytes : blockBytes));
    }
  }

  /**
   * Locks a file or a folder, or changes the lock, until it is closed (flock(2)); never waits.
   *
   * @param alone whether nobody else may lock it meanwhile
   * @return false when another's lock forbids it
   * @throws KernelException when it can't be locked at all
   */
  public boolean lock(int descriptor, boolean alone) throws KernelException {
    long result = call(Syscall.FLOCK, descriptor, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB);
    return result != -Errno.EAGAIN && check(result, "flock") == 0;
  }

  /**
   * Closes what was written: some file systems tell only now that they can't keep it (close(2)).
   */
  public void closeWritten(int descriptor) throws KernelException {
    check(call(Syscall.CLOSE, descriptor), "close");
  }

  private void close(int descriptor) {
    call(Syscall.CLOSE, descriptor);
  }
}
