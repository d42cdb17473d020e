package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class BackOffTest {
  @Test
  void growsByHalfFromFiftyMilliseconds() {
    BackOff backOff = new BackOff(() -> 0.5);

    assertThat(backOff.next()).isEqualTo(Duration.ofMillis(50));
    assertThat(backOff.next()).isEqualTo(Duration.ofMillis(75));
    assertThat(backOff.next()).isEqualTo(Duration.ofNanos(112_500_000));
  }

  @Test
  void spreadsEachPauseByHalfOfIt() {
    assertThat(new BackOff(() -> 0).next()).isEqualTo(Duration.ofMillis(25));
    assertThat(new BackOff(() -> 1).next()).isEqualTo(Duration.ofMillis(75));

    Random random = new Random(1);
    BackOff backOff = new BackOff(random::nextDouble);
    double middle = 50e6;
    for (int i = 0; i < 10; i++) {
      assertThat((double) backOff.next().toNanos()).isBetween(middle / 2, middle * 1.5);
      middle *= 1.5;
    }
  }

  @Test
  void neverPausesForMoreThanAMinuteAndAHalf() {
    BackOff backOff = new BackOff(() -> 1);
    for (int i = 0; i < 1000; i++) {
      assertThat(backOff.next()).isLessThanOrEqualTo(Duration.ofSeconds(90)).isPositive();
    }
  }
}
