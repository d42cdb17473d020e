package com.circleci.runnerinit.task;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/** The time limits that are running, on a monotonic clock. */
final class Timers {
  private final LongSupplier nanoClock;
  private final Map<Timer, Long> deadlines = new EnumMap<>(Timer.class);

  Timers(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  void set(Timer timer, Duration delay) {
    deadlines.put(timer, nanoClock.getAsLong() + delay.toNanos());
  }

  void cancel(Timer timer) {
    deadlines.remove(timer);
  }

  /** Until the next one ends; zero when one has ended; empty when none runs. */
  Optional<Duration> untilNext() {
    long now = nanoClock.getAsLong();
    return deadlines.values().stream()
        .map(deadline -> Duration.ofNanos(Math.max(0, deadline - now)))
        .min(Duration::compareTo);
  }

  /** Takes one that has ended. */
  Optional<Timer> takeEnded() {
    long now = nanoClock.getAsLong();
    Iterator<Map.Entry<Timer, Long>> entries = deadlines.entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry<Timer, Long> entry = entries.next();
      if (entry.getValue() - now <= 0) {
        Timer timer = entry.getKey();
        entries.remove();
        return Optional.of(timer);
      }
    }
    return Optional.empty();
  }
}
