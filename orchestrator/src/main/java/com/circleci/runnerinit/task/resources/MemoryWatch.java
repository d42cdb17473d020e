package com.circleci.runnerinit.task.resources;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import com.circleci.runnerinit.linux.ProcessTable;
import com.circleci.runnerinit.task.process.Chore;
import com.circleci.runnerinit.task.resources.ControlGroup.Figure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Says when the memory in use first passes a share of the limit, for then the kernel may kill
 * without a word. One read a second: docs/decisions/0011-resources.md says why not by events.
 */
public final class MemoryWatch implements Chore {
  private static final double SHARE = 0.9;
  private static final long LOOK_EVERY = Duration.ofSeconds(1).toNanos();
  private static final long SAY_EVERY = Duration.ofMinutes(1).toNanos();

  private final Kernel kernel;
  private final List<ControlGroup> wayUp;
  private final Consumer<Shortage> tell;
  private final List<Level> levels = new ArrayList<>();
  private final NativeBlock number;
  private long lookAt;
  private long sayFrom;
  private boolean passed;

  /**
   * A group with a limit, which may change while the task runs. Both files are kept open: they are
   * read every second, at the price of one call each.
   */
  private record Level(ControlGroup group, int inUse, int limit) {}

  /**
   * The memory is nearly used up.
   *
   * @param inUse bytes that can't be reclaimed
   * @param limit bytes
   * @param biggest the process that has most of it, less this one
   */
  public record Shortage(long inUse, long limit, Optional<ProcessTable.Entry> biggest) {}

  private MemoryWatch(Kernel kernel, List<ControlGroup> wayUp, Consumer<Shortage> tell) {
    this.kernel = kernel;
    this.wayUp = wayUp;
    this.tell = tell;
    number = kernel.memory().allocate(32);
    sayFrom = kernel.clock().nanos();
    lookAt = sayFrom + LOOK_EVERY;
  }

  /**
   * Begins to watch; empty when the memory is not limited, or can't be read.
   *
   * @param tell told of each shortage, once a minute at most
   */
  static Optional<MemoryWatch> begin(
      Kernel kernel, List<ControlGroup> wayUp, Consumer<Shortage> tell) {
    try {
      MemoryWatch watch = new MemoryWatch(kernel, wayUp, tell);
      for (ControlGroup group : wayUp) {
        if (group.read(Figure.MEMORY_LIMIT).isPresent()) {
          int inUse = kernel.files().openForReading(group.path(Figure.MEMORY_IN_USE));
          int limit = kernel.files().openForReading(group.path(Figure.MEMORY_LIMIT));
          watch.levels.add(new Level(group, inUse, limit));
        }
      }
      return watch.levels.isEmpty() ? Optional.empty() : Optional.of(watch);
    } catch (KernelException | OutOfMemoryError e) {
      return Optional.empty();
    }
  }

  @Override
  public long dueIn() {
    return lookAt - kernel.clock().nanos();
  }

  @Override
  public void turn() {
    long now = kernel.clock().nanos();
    if (now - lookAt < 0) {
      return;
    }
    lookAt = now + LOOK_EVERY;
    boolean passes = false;
    for (int at = 0; at < levels.size(); at++) {
      long limit = read(levels.get(at).limit());
      long kept = keptWhenMuch(levels.get(at), limit);
      passes |= kept > 0;
      if (kept > 0 && !passed && now - sayFrom >= 0) {
        passed = true;
        sayFrom = now + SAY_EVERY;
        tell.accept(new Shortage(kept, limit, biggest()));
      }
    }
    passed &= passes;
  }

  /** The bytes in use that can't be reclaimed, or swapped, when they are near the limit; else 0. */
  private long keptWhenMuch(Level level, long limit) {
    long all = read(level.inUse());
    if (limit < 0 || all <= SHARE * limit) {
      return 0;
    }
    // What can't be known is not guessed.
    long kept = all - level.group().read(Figure.MEMORY_RECLAIMABLE).orElse(all);
    return kept > SHARE * limit && swapLeft() <= (1 - SHARE) * limit ? kept : 0;
  }

  /** Bytes that the kernel can still write to the swap space before it kills. */
  private long swapLeft() {
    long left = wayUp.getFirst().read(Figure.SWAP_FREE).orElse(0);
    for (ControlGroup group : wayUp) {
      long limit = group.read(Figure.SWAP_LIMIT).orElse(Long.MAX_VALUE);
      left = Math.min(left, limit - group.read(Figure.SWAP_IN_USE).orElse(0));
    }
    return left;
  }

  /**
   * Negative when it is no number, such as the limit "max". Without garbage, since it is read as
   * long as the task runs.
   */
  private long read(int file) {
    try {
      int length = kernel.descriptors().readFromStart(file, number);
      long value = -1;
      for (int at = 0; at < length; at++) {
        byte digit = number.bytes().get(at);
        if (digit < '0' || digit > '9') {
          break;
        }
        value = 10 * Math.max(value, 0) + digit - '0';
      }
      return value;
    } catch (KernelException e) {
      return -1;
    }
  }

  private Optional<ProcessTable.Entry> biggest() {
    int self = kernel.processes().processId();
    return ProcessTable.read(kernel.files()).stream()
        .filter(process -> process.id() != self && process.residentBytes() > 0)
        .max(Comparator.comparingLong(ProcessTable.Entry::residentBytes));
  }
}
