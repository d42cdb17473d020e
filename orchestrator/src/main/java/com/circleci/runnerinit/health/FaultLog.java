package com.circleci.runnerinit.health;

import com.circleci.runnerinit.log.EventLog;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Tells of the server's own faults, at most once a minute: whoever can cause one could else flood
 * the log with it.
 */
final class FaultLog {
  private static final long QUIET_NANOS = Duration.ofMinutes(1).toNanos();

  private final EventLog log;
  private final LongSupplier nanoTime;
  private long silentUntil;
  private long untold;

  FaultLog(EventLog log, LongSupplier nanoTime) {
    this.log = log;
    this.nanoTime = nanoTime;
    this.silentUntil = nanoTime.getAsLong();
  }

  void report(String what, Throwable fault) {
    long now = nanoTime.getAsLong();
    if (now - silentUntil < 0) {
      untold++;
      return;
    }
    silentUntil = now + QUIET_NANOS;
    log.event("health: " + what).with("untold", untold).fault(fault).write();
    untold = 0;
  }
}
