package com.circleci.runnerinit.clients.runner;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * What the retries need of time and chance.
 *
 * @param nanoTime a clock that only goes forward, in nanoseconds
 * @param wallClock the time of day
 * @param pause waits
 * @param random from 0 to 1
 */
record Timing(LongSupplier nanoTime, InstantSource wallClock, Pause pause, DoubleSupplier random) {
  Timing {
    requireNonNull(nanoTime, "nanoTime is null");
    requireNonNull(wallClock, "wallClock is null");
    requireNonNull(pause, "pause is null");
    requireNonNull(random, "random is null");
  }

  /** Waits for a while. */
  @FunctionalInterface
  interface Pause {
    void take(Duration duration) throws InterruptedException;
  }

  static Timing system() {
    return new Timing(
        System::nanoTime,
        InstantSource.system(),
        Thread::sleep,
        () -> ThreadLocalRandom.current().nextDouble());
  }
}
