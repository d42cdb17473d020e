package com.circleci.runnerinit.acceptance.soak;

import com.circleci.runnerinit.testing.Signal;
import java.time.Duration;
import java.util.List;

/**
 * A signal that comes at some moment.
 *
 * @param after since the orchestrator holds signals
 * @param graceIsShort shorter than a task may take, instead of longer
 * @param times how often it comes
 */
record Shutdown(Signal signal, Duration after, boolean graceIsShort, boolean forward, int times) {

  static Shutdown draw(Draw draw) {
    return new Shutdown(
        draw.oneOf(Signal.TERM, Signal.TERM, Signal.INT),
        Duration.ofNanos(draw.between(0, 40_000) * 1000L),
        draw.percent(60),
        draw.percent(20),
        draw.percent(15) ? 2 : 1);
  }

  List<String> flags() {
    return List.of(
        "--termination-grace-period=" + (graceIsShort ? "2ms" : "10m"),
        "--signal-policy=" + (forward ? "forward" : "drain"));
  }

  /**
   * Whether a task that does not end by itself is ended; of two signals, one may be merged away.
   */
  boolean endsAnyTask() {
    return graceIsShort || forward;
  }

  /** Whether a task may be asked to end before it has. */
  boolean mayCutShort() {
    return graceIsShort || times > 1;
  }

  /** As Go's os package calls it. */
  String signalInWords() {
    return signal == Signal.TERM ? "terminated" : "interrupt";
  }
}
