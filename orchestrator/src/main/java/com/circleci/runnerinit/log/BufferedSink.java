package com.circleci.runnerinit.log;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.LongConsumer;

/**
 * Hands lines to a thread that writes them, so that a reader who does not read can't hold up the
 * supervision of a task. What does not fit into the buffer is dropped, counted, and told of.
 */
public final class BufferedSink implements LogSink {
  private static final int MAX_BUFFERED_BYTES = 256 * 1024;
  private static final int STACK_BYTES = 128 * 1024;

  private final LogSink slow;
  private final Queue<byte[]> lines = new ArrayDeque<>();
  private int buffered;
  private long dropped;
  private boolean writing;
  private boolean buffering = true;

  /**
   * A buffer before a sink.
   *
   * @param slow may block
   */
  public BufferedSink(LogSink slow) {
    this.slow = requireNonNull(slow, "slow is null");
  }

  /**
   * Starts the thread.
   *
   * @param tellDropped told of how many lines were dropped, once there is room again
   */
  public void start(LongConsumer tellDropped) {
    try {
      Thread thread = new Thread(null, () -> writeForEver(tellDropped), "log", STACK_BYTES);
      thread.setDaemon(true);
      thread.start();
    } catch (OutOfMemoryError e) {
      // No thread is to be had: a log that may block is better than a task without one.
      buffering = false;
    }
  }

  @Override
  public synchronized void write(byte[] line) {
    if (!buffering) {
      slow.write(line);
    } else if (buffered + line.length > MAX_BUFFERED_BYTES) {
      dropped++;
    } else {
      lines.add(line);
      buffered += line.length;
      notifyAll();
    }
  }

  /** Waits until all is written, or the time is over. */
  public synchronized void flush(Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    long left = limit.toNanos();
    while ((writing || !lines.isEmpty()) && left > 0) {
      try {
        wait(Math.ceilDiv(left, 1_000_000));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      left = deadline - System.nanoTime();
    }
  }

  private void writeForEver(LongConsumer tellDropped) {
    try {
      while (true) {
        slow.write(take());
        long lost = takeDropped();
        if (lost > 0) {
          tellDropped.accept(lost);
        }
        written();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized byte[] take() throws InterruptedException {
    while (lines.isEmpty()) {
      wait();
    }
    byte[] line = lines.remove();
    buffered -= line.length;
    writing = true;
    return line;
  }

  private synchronized long takeDropped() {
    long lost = lines.isEmpty() ? dropped : 0;
    dropped -= lost;
    return lost;
  }

  private synchronized void written() {
    writing = false;
    notifyAll();
  }
}
