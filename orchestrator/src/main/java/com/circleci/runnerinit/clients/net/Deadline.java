package com.circleci.runnerinit.clients.net;

import java.time.Duration;

/** A moment after which nothing is waited for, by the clock of {@link System#nanoTime}. */
public record Deadline(long nanos) {
  public static Deadline in(Duration time) {
    return new Deadline(System.nanoTime() + time.toNanos());
  }

  public Duration left() {
    return Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
  }

  public boolean isOver() {
    return left().isZero();
  }

  /** This, or a certain time from now. */
  public Deadline orEarlier(Duration time) {
    Deadline other = in(time);
    return other.nanos - nanos < 0 ? other : this;
  }
}
