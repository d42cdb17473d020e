package com.circleci.runnerinit.linux;

import static com.circleci.runnerinit.linux.Errno.EAGAIN;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Open descriptors: reading, writing and waiting, pipes, signals and wake-ups. */
public final class Descriptors extends SystemCalls {
  static final int O_NONBLOCK = 04000;
  static final int O_CLOEXEC = 02000000;

  private static final int F_SETFL = 4;
  private static final int POLLFD_BYTES = 8;
  private static final short POLLIN = 1;
  private static final short POLLOUT = 4;
  private static final int SIGNAL_INFO_BYTES = 128;

  /** More are left for the next call, so that a flood of them has an end. */
  private static final int SIGNALS_A_READ = 32;

  /** How long nothing is looked at where poll(2) may take no descriptor. */
  private static final Duration WITHOUT_DESCRIPTORS = Duration.ofMillis(20);

  private final NativeBlock wakeCount;

  /** What is read here says nothing. */
  private final NativeBlock wakeups;

  /**
   * Kept, for the one thread that reads signals: they may come by the thousands, and when memory is
   * short that must not end a task.
   */
  private final NativeBlock signalInfo;

  Descriptors(Syscalls syscalls) {
    super(syscalls);
    wakeCount = syscalls.allocate(Long.BYTES);
    wakeCount.bytes().putLong(0, 1);
    wakeups = syscalls.allocate(Long.BYTES);
    signalInfo = syscalls.allocate(SIGNAL_INFO_BYTES * SIGNALS_A_READ);
  }

  public void close(int descriptor) {
    // Linux gives it up whatever it answers (close(2)).
    call(Syscall.CLOSE, descriptor);
  }

  /** Reads what is there, up to a length; 0 is the end of the file (read(2)). */
  public int read(int descriptor, NativeBlock into, int length) throws KernelException {
    return (int) check(retry(Syscall.READ, descriptor, into.address(), length, 0), "read");
  }

  /** Reads the beginning of a file, wherever its position is (pread(2)). */
  public int readFromStart(int descriptor, NativeBlock into) throws KernelException {
    return (int) check(retry(Syscall.PREAD64, descriptor, into.address(), into.size(), 0), "pread");
  }

  /** Writes a part of the block; returns how many bytes were taken (write(2)). */
  public int write(int descriptor, NativeBlock from, int offset, int length)
      throws KernelException {
    return (int)
        check(retry(Syscall.WRITE, descriptor, from.address() + offset, length, 0), "write");
  }

  /**
   * Writes the first bytes of the block, and waits while nobody reads. The descriptor may be
   * non-blocking all the same: whoever shares it, such as a child, can make it so for everybody.
   */
  public void writeAll(int descriptor, NativeBlock from, int length) throws KernelException {
    int written = 0;
    while (written < length) {
      long result = retry(Syscall.WRITE, descriptor, from.address() + written, length - written, 0);
      if (result == -EAGAIN) {
        await(List.of(Interest.inWriting(descriptor)), Optional.empty());
      } else {
        written += (int) check(result, "write");
      }
    }
  }

  public Pipe openPipe() throws KernelException {
    try (NativeBlock ends = syscalls.allocate(2 * Integer.BYTES)) {
      check(call(Syscall.PIPE2, ends.address(), O_CLOEXEC), "pipe");
      return new Pipe(ends.bytes().getInt(0), ends.bytes().getInt(Integer.BYTES));
    }
  }

  /** Makes a pipe's end fail with EAGAIN where it would block. */
  public void setNonBlocking(int descriptor) throws KernelException {
    check(call(Syscall.FCNTL, descriptor, F_SETFL, O_NONBLOCK), "fcntl");
  }

  /**
   * Copies bytes from one file's position to another's, within the kernel (sendfile(2)).
   *
   * @return how many bytes were copied, which may be fewer; 0 at the end of the file
   */
  public long sendFile(int from, int to, long bytes) throws KernelException {
    return check(retry(Syscall.SENDFILE, to, from, 0, bytes), "sendfile");
  }

  /** A descriptor that tells of each signal that {@link Signals#isTaken} names (signalfd(2)). */
  public int openSignals() throws KernelException {
    try (NativeBlock mask = syscalls.allocate(Long.BYTES)) {
      mask.bytes().putLong(0, Signals.takenMask());
      long descriptor =
          call(Syscall.SIGNALFD4, -1, mask.address(), Long.BYTES, O_CLOEXEC | O_NONBLOCK);
      return (int) check(descriptor, "signalfd");
    }
  }

  /**
   * Some of the signals that have come, those of low numbers first (SIGTERM before any real-time
   * signal); none when none is pending. For one thread.
   */
  public int[] readSignals(int descriptor) throws KernelException {
    long read = retry(Syscall.READ, descriptor, signalInfo.address(), signalInfo.size(), 0);
    int[] signals =
        new int[read == -EAGAIN ? 0 : (int) check(read, "read signals") / SIGNAL_INFO_BYTES];
    for (int i = 0; i < signals.length; i++) {
      signals[i] = signalInfo.bytes().getInt(i * SIGNAL_INFO_BYTES);
    }
    return signals;
  }

  /**
   * A counter by which one thread wakes another (eventfd(2)): from {@link #poll}, or, where it
   * waits for nothing else, from reading it, which blocks.
   */
  public int openWakeup(boolean blocking) throws KernelException {
    int flags = blocking ? O_CLOEXEC : O_CLOEXEC | O_NONBLOCK;
    return (int) check(call(Syscall.EVENTFD2, 0, flags), "eventfd");
  }

  /** Makes a wakeup unreadable again, if it is readable; a blocking one is waited for. */
  public void forgetWakeups(int wakeup) throws KernelException {
    long read = retry(Syscall.READ, wakeup, wakeups.address(), Long.BYTES, 0);
    if (read != -EAGAIN) {
      check(read, "read");
    }
  }

  /** Makes a wakeup readable. Safe for any thread. */
  public void wake(int wakeup) {
    // A full counter (EAGAIN) is readable already.
    retry(Syscall.WRITE, wakeup, wakeCount.address(), Long.BYTES, 0);
  }

  /**
   * Waits until a descriptor is ready, the time is over or a signal has interrupted it.
   *
   * <p>Where this process may hardly have descriptors any more (RLIMIT_NOFILE, which any process of
   * the same user can set), poll(2) refuses those that it has: then a short time passes, and all
   * count as ready.
   *
   * @param timeout empty: as long as it takes
   * @return for each interest, whether it is ready, has failed or was hung up
   * @throws KernelException when waiting is forbidden
   */
  public boolean[] poll(List<Interest> interests, Optional<Duration> timeout)
      throws KernelException {
    long result = 0;
    boolean[] ready = new boolean[interests.size()];
    int timeAt = POLLFD_BYTES * interests.size();
    try (NativeBlock block = syscalls.allocate(timeAt + 2 * Long.BYTES)) {
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
      result = call(Syscall.PPOLL, block.address(), interests.size(), timeAddress, 0);
      for (int i = 0; i < ready.length; i++) {
        ready[i] = result > 0 && bytes.getShort(POLLFD_BYTES * i + 6) != 0;
      }
    }
    if (result == -Errno.EINVAL) {
      return rest(interests, timeout);
    }
    if (result != -Errno.EINTR) {
      check(result, "poll");
    }
    return ready;
  }

  /**
   * Waits as {@link #poll} does. Where that is forbidden, a short time passes, and all count as
   * ready: for descriptors that don't block, and whose waiting is not worth the end of the run.
   */
  public boolean[] await(List<Interest> interests, Optional<Duration> timeout) {
    try {
      return poll(interests, timeout);
    } catch (KernelException e) {
      return rest(interests, timeout);
    }
  }

  private boolean[] rest(List<Interest> interests, Optional<Duration> timeout) {
    Duration most = timeout.orElse(WITHOUT_DESCRIPTORS);
    syscalls.pause(most.compareTo(WITHOUT_DESCRIPTORS) < 0 ? most : WITHOUT_DESCRIPTORS);
    boolean[] all = new boolean[interests.size()];
    Arrays.fill(all, true);
    return all;
  }
}
