package com.circleci.runnerinit.task.resources;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import com.circleci.runnerinit.linux.ProcessTable;
import com.circleci.runnerinit.task.process.Chore;
import com.circleci.runnerinit.task.resources.ControlGroup.Figure;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * Says when the memory in use first passes a share of the limit, for then the kernel may kill
 * without a word. One read a second: docs/decisions/0011-resources.md says why not by events.
 */
public final class MemoryWatch implements Chore {
  private static final double SHARE = 0.9;
  private static final long LOOK_EVERY = Duration.ofSeconds(1).toNanos();
  private static final long SAY_EVERY = Duration.ofMinutes(1).toNanos();

  /** A container may be resized while it runs, but seldom is. */
  private static final long READ_LIMIT_EVERY = Duration.ofMinutes(1).toNanos();

  private static final int NUMBER_BYTES = 32;

  private final Kernel kernel;
  private final ControlGroup group;
  private final Consumer<Shortage> tell;

  /** The file of the memory in use, kept open: it is read every second at the price of one call. */
  private final int inUse;

  private final NativeBlock number;
  private OptionalLong limit;
  private long readLimitAt;
  private long lookAt;
  private long sayFrom;
  private boolean passed;

  /**
   * The memory is nearly used up.
   *
   * @param inUse bytes that can't be reclaimed
   * @param limit bytes
   * @param biggest the process that has most of it, less this one
   */
  public record Shortage(long inUse, long limit, Optional<ProcessTable.Entry> biggest) {}

  private MemoryWatch(
      Kernel kernel, ControlGroup group, int inUse, OptionalLong limit, Consumer<Shortage> tell) {
    this.kernel = kernel;
    this.group = group;
    this.inUse = inUse;
    this.limit = limit;
    this.tell = tell;
    number = kernel.memory().allocate(NUMBER_BYTES);
    sayFrom = kernel.clock().nanos();
    lookAt = sayFrom + LOOK_EVERY;
    readLimitAt = sayFrom + READ_LIMIT_EVERY;
  }

  /**
   * Begins to watch; empty when the memory is not limited, or can't be read.
   *
   * @param tell told of each shortage, once a minute at most
   */
  static Optional<MemoryWatch> begin(Kernel kernel, ControlGroup group, Consumer<Shortage> tell) {
    OptionalLong limit = group.read(Figure.MEMORY_LIMIT);
    if (limit.isEmpty()) {
      return Optional.empty();
    }
    try {
      int inUse = kernel.files().openForReading(group.path(Figure.MEMORY_IN_USE));
      return Optional.of(new MemoryWatch(kernel, group, inUse, limit, tell));
    } catch (KernelException | OutOfMemoryError e) {
      return Optional.empty();
    }
  }

  @Override
  public long dueIn() {
    return lookAt - kernel.clock().nanos();
  }

  /** Looks, when it is time. */
  @Override
  public void turn() {
    long now = kernel.clock().nanos();
    if (now - lookAt < 0) {
      return;
    }
    lookAt = now + LOOK_EVERY;
    if (now - readLimitAt >= 0) {
      readLimitAt = now + READ_LIMIT_EVERY;
      limit = group.read(Figure.MEMORY_LIMIT);
    }
    OptionalLong kept = keptWhenMuch();
    if (kept.isPresent() && !passed && now - sayFrom >= 0) {
      passed = true;
      sayFrom = now + SAY_EVERY;
      tell.accept(new Shortage(kept.getAsLong(), limit.getAsLong(), biggest()));
    }
    passed &= kept.isPresent();
  }

  /** The bytes in use that can't be reclaimed, when they are near the limit. */
  private OptionalLong keptWhenMuch() {
    long all = readInUse();
    if (!isMuch(all)) {
      return OptionalLong.empty();
    }
    OptionalLong reclaimable = group.read(Figure.MEMORY_RECLAIMABLE);
    // What can't be known is not guessed.
    return reclaimable.isPresent() && isMuch(all - reclaimable.getAsLong())
        ? OptionalLong.of(all - reclaimable.getAsLong())
        : OptionalLong.empty();
  }

  private boolean isMuch(long bytes) {
    return limit.isPresent() && bytes > SHARE * limit.getAsLong();
  }

  /** Zero when it can't be read. Without garbage, since it is read as long as the task runs. */
  private long readInUse() {
    try {
      int length = kernel.descriptors().readFromStart(inUse, number);
      long value = 0;
      for (int at = 0; at < length; at++) {
        byte digit = number.bytes().get(at);
        if (digit < '0' || digit > '9') {
          break;
        }
        value = 10 * value + digit - '0';
      }
      return value;
    } catch (KernelException e) {
      return 0;
    }
  }

  private Optional<ProcessTable.Entry> biggest() {
    int self = kernel.processes().processId();
    return ProcessTable.read(kernel.files()).stream()
        .filter(process -> process.id() != self && process.residentBytes() > 0)
        .max(Comparator.comparingLong(ProcessTable.Entry::residentBytes));
  }
}
