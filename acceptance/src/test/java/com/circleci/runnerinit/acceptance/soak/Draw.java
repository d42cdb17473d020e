package com.circleci.runnerinit.acceptance.soak;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** The dice of one run: the same for the same seed and number. */
final class Draw {
  private final RandomGenerator random;

  Draw(long seed, int number) {
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 1_000_003 + number);
  }

  boolean percent(int chance) {
    return random.nextInt(100) < chance;
  }

  /** Both ends included. */
  int between(int low, int high) {
    return random.nextInt(low, high + 1);
  }

  @SafeVarargs
  final <T> T oneOf(T... values) {
    return values[random.nextInt(values.length)];
  }
}
