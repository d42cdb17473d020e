package com.circleci.runnerinit.cmd;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.init.InitException;
import com.circleci.runnerinit.init.Interruption;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.log.EventLog;
import java.time.Duration;

/** Stops the work some time after SIGTERM or SIGINT has come. */
final class SignalInterruption implements Interruption {
  private final Kernel kernel;
  private final EventLog log;
  private final Duration delay;
  private final int signals;
  private int received;
  private long deadlineNanos;

  /**
   * Begins to take signals.
   *
   * @param delay from the signal to the stop
   */
  SignalInterruption(Kernel kernel, EventLog log, Duration delay) throws KernelException {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.log = requireNonNull(log, "log is null");
    this.delay = requireNonNull(delay, "delay is null");
    signals = kernel.descriptors().openSignals();
  }

  @Override
  public void check() throws InitException {
    try {
      for (int signal : kernel.descriptors().readSignals(signals)) {
        take(signal);
      }
    } catch (KernelException e) {
      throw new InitException(e.description());
    }
    if (received != 0 && System.nanoTime() - deadlineNanos >= 0) {
      throw new InitException("interrupted by signal: " + Signals.describe(received));
    }
  }

  private void take(int signal) {
    boolean stops = signal == Signals.SIGTERM || signal == Signals.SIGINT;
    if (stops && received == 0) {
      received = signal;
      deadlineNanos = System.nanoTime() + delay.toNanos();
      log.event("system: shutdown signal received")
          .with("delay", delay.toMillis())
          .with("signal", Signals.describe(signal))
          .write();
    }
  }
}
