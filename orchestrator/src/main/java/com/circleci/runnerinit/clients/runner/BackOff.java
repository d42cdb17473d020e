package com.circleci.runnerinit.clients.runner;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/** The pauses between attempts: 50 ms, then half as long again each time, spread by ±50 %. */
final class BackOff {
  private static final double FIRST_NANOS = Duration.ofMillis(50).toNanos();
  private static final double MAX_NANOS = Duration.ofMinutes(1).toNanos();
  private static final double FACTOR = 1.5;
  private static final double SPREAD = 0.5;

  private final DoubleSupplier random;
  private double nanos = FIRST_NANOS;

  /**
   * @param random from 0 to 1
   */
  BackOff(DoubleSupplier random) {
    this.random = requireNonNull(random, "random is null");
  }

  Duration next() {
    double spread = 1 - SPREAD + 2 * SPREAD * random.getAsDouble();
    Duration pause = Duration.ofNanos((long) (nanos * spread));
    nanos = Math.min(nanos * FACTOR, MAX_NANOS);
    return pause;
  }
}
