package com.circleci.runnerinit.linux;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Time, and the passing of it. */
public interface Clock {
  /** Nanoseconds on a clock that only goes forward, from an unknown moment on; they may wrap. */
  default long nanos() {
    return System.nanoTime();
  }

  /** Does nothing for a while, where even poll(2) is refused. */
  default void pause(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    // A thread may be woken for nothing.
    for (long left = time.toNanos(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
