package com.circleci.runnerinit.task.resources;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * Says when the memory in use first passes a share of the limit, for then the kernel may kill
 * without a word. One read a second: docs/decisions/0011-resources.md says why not by events.
 */
public final class MemoryWatch {
  private static final double SHARE = 0.9;
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final Duration SAY_EVERY = Duration.ofMinutes(1);

  /** A container may be resized while it runs, but seldom is. */
  private static final Duration READ_LIMIT_EVERY = Duration.ofMinutes(1);

  private final ControlGroup group;
  private final OpenCounter inUse;
  private final Processes processes;
  private final LongSupplier nanoClock;
  private OptionalLong limit;
  private long readLimitAtNanos;
  private long lookAtNanos;
  private long sayFromNanos;
  private boolean passed;

  private MemoryWatch(
      Kernel kernel, ControlGroup group, OpenCounter inUse, LongSupplier nanoClock) {
    this.group = group;
    this.inUse = inUse;
    this.nanoClock = nanoClock;
    processes = new Processes(kernel);
    sayFromNanos = nanoClock.getAsLong();
    lookAtNanos = sayFromNanos + LOOK_EVERY.toNanos();
    limit = group.memoryLimit();
    readLimitAtNanos = sayFromNanos + READ_LIMIT_EVERY.toNanos();
  }

  /** Begins to watch; empty when the memory is not limited, or can't be read. */
  static Optional<MemoryWatch> begin(Kernel kernel, ControlGroup group, LongSupplier nanoClock) {
    requireNonNull(nanoClock, "nanoClock is null");
    try {
      return group.memoryLimit().isPresent()
          ? Optional.of(new MemoryWatch(kernel, group, group.openMemoryInUse(), nanoClock))
          : Optional.empty();
    } catch (KernelException | OutOfMemoryError e) {
      return Optional.empty();
    }
  }

  /** How long until it is time to look. */
  public Duration untilNextLook() {
    return Duration.ofNanos(Math.max(0, lookAtNanos - nanoClock.getAsLong()));
  }

  /** Looks, when it is time: what there is to say, if anything. */
  public Optional<MemoryShortage> look() {
    long now = nanoClock.getAsLong();
    if (now - lookAtNanos < 0) {
      return Optional.empty();
    }
    lookAtNanos = now + LOOK_EVERY.toNanos();
    if (now - readLimitAtNanos >= 0) {
      readLimitAtNanos = now + READ_LIMIT_EVERY.toNanos();
      limit = group.memoryLimit();
    }
    Optional<MemoryShortage> shortage = shortage();
    if (shortage.isEmpty()) {
      passed = false;
    }
    if (shortage.isEmpty() || passed || now - sayFromNanos < 0) {
      return Optional.empty();
    }
    passed = true;
    sayFromNanos = now + SAY_EVERY.toNanos();
    return shortage.map(it -> new MemoryShortage(it.inUse(), it.limit(), processes.biggest()));
  }

  private Optional<MemoryShortage> shortage() {
    OptionalLong all = inUse.read();
    if (all.isEmpty() || !isMuch(all.getAsLong())) {
      return Optional.empty();
    }
    OptionalLong reclaimable = group.memoryReclaimable();
    if (reclaimable.isEmpty()) {
      return Optional.empty();
    }
    long kept = all.getAsLong() - reclaimable.getAsLong();
    return isMuch(kept)
        ? Optional.of(new MemoryShortage(kept, limit.getAsLong(), Optional.empty()))
        : Optional.empty();
  }

  private boolean isMuch(long bytes) {
    return limit.isPresent() && bytes > SHARE * limit.getAsLong();
  }
}
