package com.circleci.runnerinit.task.resources;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * Says when the memory in use first passes a share of the limit, for then the kernel may kill
 * without a word. One read a second: docs/decisions/0011-memory-watch.md says why not by events.
 */
public final class MemoryWatch {
  private static final double SHARE = 0.9;
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final Duration SAY_EVERY = Duration.ofMinutes(1);

  private final ControlGroup group;
  private final Processes processes;
  private final LongSupplier nanoClock;
  private final boolean limited;
  private long lookAtNanos;
  private long sayFromNanos;
  private boolean passed;

  MemoryWatch(Kernel kernel, ControlGroup group, LongSupplier nanoClock) {
    this.group = requireNonNull(group, "group is null");
    this.nanoClock = requireNonNull(nanoClock, "nanoClock is null");
    processes = new Processes(kernel);
    limited = group.memoryLimit().isPresent();
    sayFromNanos = nanoClock.getAsLong();
    lookAtNanos = sayFromNanos + LOOK_EVERY.toNanos();
  }

  /** How long until it is time to look; empty when nothing limits the memory. */
  public Optional<Duration> untilNextLook() {
    return limited
        ? Optional.of(Duration.ofNanos(Math.max(0, lookAtNanos - nanoClock.getAsLong())))
        : Optional.empty();
  }

  /** Looks, when it is time: what there is to say, if anything. */
  public Optional<MemoryShortage> look() {
    long now = nanoClock.getAsLong();
    if (!limited || now - lookAtNanos < 0) {
      return Optional.empty();
    }
    lookAtNanos = now + LOOK_EVERY.toNanos();
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
    OptionalLong inUse = group.memoryInUse();
    OptionalLong limit = group.memoryLimit();
    if (inUse.isEmpty() || limit.isEmpty() || !isMuch(inUse.getAsLong(), limit.getAsLong())) {
      return Optional.empty();
    }
    OptionalLong reclaimable = group.memoryReclaimable();
    if (reclaimable.isEmpty()) {
      return Optional.empty();
    }
    long kept = inUse.getAsLong() - reclaimable.getAsLong();
    return isMuch(kept, limit.getAsLong())
        ? Optional.of(new MemoryShortage(kept, limit.getAsLong(), Optional.empty()))
        : Optional.empty();
  }

  private static boolean isMuch(long bytes, long limit) {
    return bytes > SHARE * limit;
  }
}
