package com.circleci.runnerinit.init;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.log.EventLog;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;

/** Ends the work some time after SIGTERM or SIGINT has come. */
final class Interruption {
  private final Kernel kernel;
  private final EventLog log;
  private final Duration delay;
  private final int signals;
  private int received;
  private long deadlineNanos;

  Interruption(Kernel kernel, EventLog log, Duration delay, int signals) {
    this.kernel = kernel;
    this.log = log;
    this.delay = delay;
    this.signals = signals;
  }

  /** Fails when it is time to stop. */
  void check() throws IOException {
    for (int signal : kernel.descriptors().readSignals(signals)) {
      if (received == 0 && (signal == Signals.SIGTERM || signal == Signals.SIGINT)) {
        received = signal;
        deadlineNanos = kernel.clock().nanos() + delay.toNanos();
        log.event("system: shutdown signal received")
            .with("delay", delay.toMillis())
            .with("signal", Signals.describe(signal))
            .write();
      }
    }
    if (received != 0 && kernel.clock().nanos() - deadlineNanos >= 0) {
      throw new InterruptedIOException("interrupted by signal: " + Signals.describe(received));
    }
  }
}
