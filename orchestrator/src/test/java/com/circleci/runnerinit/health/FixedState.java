package com.circleci.runnerinit.health;

import java.time.Duration;
import java.util.Map;

/** A state that says what a test tells it to. */
class FixedState implements HealthServer.State {
  static final Metrics METRICS =
      new Metrics(
          "running",
          2,
          3,
          Map.of("SIGHUP", 2L, "SIGUSR1", 1L),
          Map.of(
              new Metrics.ApiCall("/api/v3/runner/unclaim", "error"), 4L,
              new Metrics.ApiCall("/api/v2/task/event/fail", "success"), 1L),
          Duration.ofMillis(12_345),
          "1.2.3",
          "2026-11-24T00:00:00Z");

  volatile boolean ready = true;
  volatile boolean alive = true;
  volatile Metrics metrics = METRICS;

  @Override
  public boolean isReady() {
    return ready;
  }

  @Override
  public boolean isAlive() {
    return alive;
  }

  @Override
  public Metrics metrics() {
    return metrics;
  }
}
