package com.circleci.runnerinit.task.process;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.time.Duration;

/**
 * Passes a child's output on and keeps its ends. It has a thread of its own, since a reader that
 * does not read blocks it, and must block the child alone.
 */
public final class OutputPump {
  /** How long the pipe may stay silent after the last of our processes has gone. */
  private static final Duration SILENCE_LIMIT = Duration.ofMillis(100);

  /** How long a slow reader of our output may take with what is in the pipe. */
  private static final Duration DRAIN_LIMIT = Duration.ofSeconds(2);

  private static final int BLOCK_BYTES = 64 * 1024;
  private static final int STACK_BYTES = 128 * 1024;

  private final Kernel kernel;
  private final int from;
  private final int to;
  private final OutputTail tail = new OutputTail();
  private final Object progress = new Object();
  private long reads;
  private boolean ended;

  /**
   * A pump between two descriptors; it closes the first at its end.
   *
   * @param from the read end of the child's pipe
   */
  public OutputPump(Kernel kernel, int from, int to) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.from = from;
    this.to = to;
  }

  public void start() {
    Thread thread = new Thread(null, this::pump, "stderr", STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
  }

  public OutputTail tail() {
    return tail;
  }

  /**
   * Waits until the last writer has closed the pipe; or, when some process that is not ours holds
   * it, until it has been silent for 100 ms, and for two seconds at most.
   */
  public void drain() {
    long deadline = System.nanoTime() + DRAIN_LIMIT.toNanos();
    synchronized (progress) {
      long seen = -1;
      while (!ended && reads != seen && System.nanoTime() < deadline) {
        seen = reads;
        awaitProgress(seen);
      }
    }
  }

  private void awaitProgress(long seen) {
    long deadline = System.nanoTime() + SILENCE_LIMIT.toNanos();
    long left = SILENCE_LIMIT.toNanos();
    while (!ended && reads == seen && left > 0) {
      try {
        progress.wait(Math.ceilDiv(left, 1_000_000));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      left = deadline - System.nanoTime();
    }
  }

  private void pump() {
    NativeBlock block = kernel.memory().allocate(BLOCK_BYTES);
    try {
      boolean passOn = true;
      int read;
      while ((read = kernel.descriptors().read(from, block)) > 0) {
        tail.append(block, read);
        passOn = passOn && write(block, read);
        synchronized (progress) {
          reads++;
          progress.notifyAll();
        }
      }
    } catch (KernelException e) {
      // A pipe can't fail to be read; were it to, the child's output would be over for us.
    } finally {
      kernel.descriptors().close(from);
      kernel.memory().release(block);
      synchronized (progress) {
        ended = true;
        progress.notifyAll();
      }
    }
  }

  /** False when nobody will ever read our output: the child's is still taken, so it goes on. */
  private boolean write(NativeBlock block, int length) {
    try {
      kernel.descriptors().writeAll(to, block, length);
      return true;
    } catch (KernelException e) {
      // A disk that is full, say, may have room again for what comes next.
      return e.errno() != Errno.EPIPE;
    }
  }
}
