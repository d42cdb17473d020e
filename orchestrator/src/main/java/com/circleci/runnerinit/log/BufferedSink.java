package com.circleci.runnerinit.log;

import com.circleci.runnerinit.linux.Descriptors;
import com.circleci.runnerinit.linux.Interest;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.function.LongConsumer;

/**
 * Hands lines to a thread that writes them, so that a reader who does not read can't hold up the
 * supervision of a task. What does not fit into the buffer is dropped, counted, and told of.
 */
public final class BufferedSink {
  /** Where so much waits, no more is taken: one longest line and another one fit in any case. */
  private static final int MAX_BUFFERED_BYTES = EventLog.MAX_LINE_BYTES;

  private static final int BLOCK_BYTES = 64 * 1024;
  private static final int STACK_BYTES = 128 * 1024;
  private static final Duration WITHOUT_PROGRESS = Duration.ofMillis(10);

  private final Kernel kernel;
  private final Descriptors descriptors;
  private final int to;

  /** What the thread needs is had before it starts: memory may be short later. */
  private final NativeBlock block;

  private final Queue<byte[]> lines = new ArrayDeque<>();
  private int buffered;
  private long dropped;
  private boolean writing;
  private volatile boolean buffering;
  private int news = -1;
  private int progress = -1;

  /** A buffer before a descriptor that may block; lines wait in it once it is started. */
  public BufferedSink(Kernel kernel, int to) {
    this.kernel = kernel;
    this.descriptors = kernel.descriptors();
    this.to = to;
    block = kernel.memory().allocate(BLOCK_BYTES);
  }

  /**
   * Starts the thread. Where none is to be had, lines are written at once: a log that may block is
   * better than a task without one.
   *
   * @param tellDropped told of how many lines were dropped, once there is room again
   */
  public void start(LongConsumer tellDropped) {
    try {
      news = descriptors.openWakeup(true);
      progress = descriptors.openWakeup(false);
      buffering = true;
      kernel.processes().startThread("log", STACK_BYTES, () -> writeForEver(tellDropped));
    } catch (KernelException | OutOfMemoryError e) {
      buffering = false;
    }
  }

  /** Takes a whole line. Once it is started, this never waits for a slow reader. */
  public void write(byte[] line) {
    synchronized (this) {
      if (buffering && buffered > MAX_BUFFERED_BYTES) {
        dropped++;
        return;
      }
      if (buffering) {
        lines.add(line);
        buffered += line.length;
      }
    }
    if (buffering) {
      descriptors.wake(news);
    } else {
      writeNow(line);
    }
  }

  /** Waits until all is written, or the time is over. */
  public void flush(Duration limit) {
    long deadline = kernel.clock().nanos() + limit.toNanos();
    long left = limit.toNanos();
    while (!isWritten() && left > 0) {
      awaitProgress(Duration.ofNanos(left));
      left = deadline - kernel.clock().nanos();
    }
  }

  private synchronized boolean isWritten() {
    return !writing && lines.isEmpty();
  }

  private void awaitProgress(Duration limit) {
    try {
      if (descriptors.await(List.of(Interest.inReading(progress)), Optional.of(limit))[0]) {
        descriptors.forgetWakeups(progress);
      }
    } catch (KernelException e) {
      kernel.clock().pause(WITHOUT_PROGRESS);
    }
  }

  private void writeForEver(LongConsumer tellDropped) {
    boolean goesOn = true;
    while (goesOn) {
      try {
        descriptors.forgetWakeups(news);
        writeAll(tellDropped);
      } catch (KernelException e) {
        // Waiting is forbidden: from now on, whoever has a line writes it.
        goesOn = false;
      } catch (Throwable e) {
        // For lack of memory, say: the next line may get through, and a mute log helps nobody.
      }
    }
    synchronized (this) {
      buffering = false;
    }
    writeAll(tellDropped);
  }

  private void writeAll(LongConsumer tellDropped) {
    for (Optional<byte[]> line = take(); line.isPresent(); line = take()) {
      writeNow(line.get());
      long lost = takeDropped();
      if (lost > 0) {
        tellDropped.accept(lost);
      }
    }
    synchronized (this) {
      writing = false;
    }
    descriptors.wake(progress);
  }

  private synchronized Optional<byte[]> take() {
    byte[] line = lines.poll();
    if (line == null) {
      return Optional.empty();
    }
    buffered -= line.length;
    writing = true;
    return Optional.of(line);
  }

  private synchronized long takeDropped() {
    long lost = lines.isEmpty() ? dropped : 0;
    dropped -= lost;
    return lost;
  }

  /** In pieces, as the kernel would take them anyway from a pipe. Any thread may come here. */
  private void writeNow(byte[] line) {
    synchronized (block) {
      try {
        for (int at = 0; at < line.length; at += BLOCK_BYTES) {
          int length = Math.min(BLOCK_BYTES, line.length - at);
          block.bytes().put(0, line, at, length);
          descriptors.writeAll(to, block, length);
        }
      } catch (KernelException e) {
        // Nobody reads any more, or there is no room: there is nobody else to tell.
      }
    }
  }
}
