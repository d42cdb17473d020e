package com.circleci.runnerinit.linux;

import java.time.Duration;

/** Time, and the passing of it. */
public final class Clock {
  private final Syscalls syscalls;

  Clock(Syscalls syscalls) {
    this.syscalls = syscalls;
  }

  /** Nanoseconds on a clock that only goes forward, from an unknown moment on; they may wrap. */
  public long nanos() {
    return syscalls.nanoTime();
  }

  /** Does nothing for a while, where even poll(2) is refused. */
  public void pause(Duration time) {
    syscalls.pause(time.toNanos());
  }
}
