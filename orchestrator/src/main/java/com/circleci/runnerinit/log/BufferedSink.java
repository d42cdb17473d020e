package com.circleci.runnerinit.log;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;

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

  /**
   * A buffer before a sink.
   *
   * @param slow may block
   */
  public BufferedSink(LogSink slow) {
    this.slow = requireNonNull(slow, "slow is null");
  }

  public void start() {
    Thread thread = new Thread(null, this::writeForEver, "log", STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public synchronized void write(byte[] line) {
    if (buffered + line.length > MAX_BUFFERED_BYTES) {
      dropped++;
    } else {
      add(line);
    }
  }

  private synchronized void add(byte[] line) {
    lines.add(line);
    buffered += line.length;
    notifyAll();
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

  private void writeForEver() {
    try {
      while (true) {
        slow.write(take());
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

  private synchronized void written() {
    writing = false;
    if (dropped > 0 && lines.isEmpty()) {
      String note = "log: " + dropped + " lines were dropped, since nobody read them in time\n";
      dropped = 0;
      add(note.getBytes(StandardCharsets.UTF_8));
    }
    notifyAll();
  }
}
