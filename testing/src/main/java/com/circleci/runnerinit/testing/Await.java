package com.circleci.runnerinit.testing;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for what a test expects to happen, and fails with its name if it does not. */
public final class Await {
  private static final Duration PATIENCE =
      Duration.ofSeconds(30).multipliedBy(Machine.current().slowness());
  private static final Duration LOOK_EVERY =
      Duration.ofMillis(1).multipliedBy(Machine.current().slowness());

  private Await() {}

  public static void until(String what, BooleanSupplier condition) {
    untilPresent(what, () -> condition.getAsBoolean() ? Optional.of(true) : Optional.empty());
  }

  /**
   * Returns the first value there is; throws {@link AssertionError} after thirty seconds, or more
   * of them where the {@link Machine} is slow.
   */
  public static <T> T untilPresent(String what, Supplier<Optional<T>> source) {
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      var value = source.get();
      if (value.isPresent()) {
        return value.get();
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited %s in vain for: %s".formatted(PATIENCE, what));
      }
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
    }
  }
}
