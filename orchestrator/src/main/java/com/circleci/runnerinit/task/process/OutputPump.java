package com.circleci.runnerinit.task.process;

import com.circleci.runnerinit.linux.Descriptors;
import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Interest;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Passes a child's output on and keeps its ends. It has a thread of its own, since a reader that
 * does not read blocks it, and must block the child alone. Should the thread die, its work is done
 * at the turns of the flow: nobody would read the child's output any more, and it would hang.
 */
public final class OutputPump implements Chore {
  private static final int BLOCK_BYTES = 64 * 1024;
  private static final int STACK_BYTES = 128 * 1024;

  /** What a pipe that has room takes without waiting (PIPE_BUF of pipe(7)). */
  private static final int AT_ONCE_BYTES = 4096;

  private final Kernel kernel;
  private final Descriptors descriptors;
  private final int from;
  private final int to;
  private final OutputTail tail;
  private final Runnable news;
  private final Consumer<Throwable> faults;

  /** All that the thread needs is had before it starts: memory may be short later. */
  private final NativeBlock block;

  private final AtomicLong reads = new AtomicLong();
  private volatile boolean ended;
  private volatile boolean watched;
  private volatile Optional<Throwable> death = Optional.empty();
  private boolean deathIsTold;
  private boolean passesOn = true;

  /**
   * A pump between two descriptors; it closes the first at its end.
   *
   * @param from the read end of the child's pipe
   * @param tail keeps the ends of what was read
   * @param news run, by any thread, when the flow has to know something new
   * @param faults told at a turn, once, why the thread has died
   */
  public OutputPump(
      Kernel kernel, int from, int to, OutputTail tail, Runnable news, Consumer<Throwable> faults) {
    this.kernel = kernel;
    this.descriptors = kernel.descriptors();
    this.from = from;
    this.to = to;
    this.tail = tail;
    this.news = news;
    this.faults = faults;
    block = kernel.memory().allocate(BLOCK_BYTES);
  }

  /** Starts the thread, or fails as {@code Processes.startThread} does. */
  public void start() {
    kernel.processes().startThread("stderr", STACK_BYTES, this::pump);
  }

  /** How often something was read. */
  public long reads() {
    return reads.get();
  }

  /** Whether all of the child's output was read. */
  public boolean hasEnded() {
    return ended;
  }

  /** Has every read from now on be told as news. */
  public void watch() {
    watched = true;
  }

  private void pump() {
    try {
      while (pass(BLOCK_BYTES)) {
        if (watched) {
          news.run();
        }
      }
    } catch (Throwable e) {
      death = Optional.of(e);
    }
    news.run();
  }

  /** Reads once, and passes that on; false at the end. */
  private boolean pass(int most) {
    int read = 0;
    try {
      read = descriptors.read(from, block, most);
    } catch (KernelException e) {
      // A pipe can't fail to be read; were it to, the child's output would be over for us.
    }
    if (read == 0) {
      ended = true;
      descriptors.close(from);
      return false;
    }
    tail.append(block, read);
    if (passesOn) {
      passOn(read);
    }
    reads.incrementAndGet();
    return true;
  }

  private void passOn(int length) {
    try {
      descriptors.writeAll(to, block, length);
    } catch (KernelException e) {
      // When nobody will ever read our output, the child's is still taken, so that it goes on. A
      // disk that is full, say, may have room again for what comes next.
      passesOn = e.errno() != Errno.EPIPE;
    }
  }

  @Override
  public Optional<Interest> interest() {
    return death.isEmpty() || ended ? Optional.empty() : Optional.of(Interest.inReading(from));
  }

  /** Does the thread's work, once it has died: as much as nobody has to be waited for. */
  @Override
  public void turn() {
    if (death.isPresent() && !deathIsTold) {
      deathIsTold = true;
      faults.accept(death.get());
    }
    if (death.isPresent() && !ended && isReady(Interest.inReading(from))) {
      passesOn = passesOn && isReady(Interest.inWriting(to));
      pass(AT_ONCE_BYTES);
    }
  }

  private boolean isReady(Interest interest) {
    return descriptors.await(List.of(interest), Optional.of(Duration.ZERO))[0];
  }
}
