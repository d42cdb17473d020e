package com.circleci.runnerinit.acceptance.soak;

import com.circleci.runnerinit.testing.Signal;

/** How a task agent ends by itself, if it does. */
sealed interface AgentEnd {
  record Exit(int status) implements AgentEnd {}

  record Death(Signal signal) implements AgentEnd {}

  /** Until it is told to. */
  record Never() implements AgentEnd {}

  /** Its program is not there. */
  record NoBeginning() implements AgentEnd {}

  static AgentEnd draw(Draw draw) {
    if (draw.percent(3)) {
      return new NoBeginning();
    }
    if (draw.percent(20)) {
      return new Death(
          draw.oneOf(Signal.KILL, Signal.TERM, Signal.SEGV, Signal.ABRT, Signal.USR1, Signal.HUP));
    }
    return new Exit(draw.percent(50) ? 0 : draw.oneOf(1, 2, 42, 127, 128, 137, 143, 255));
  }

  default String verb() {
    return switch (this) {
      case Exit(int status) -> "exit=" + status;
      case Death(Signal signal) -> "die=" + signal;
      case Never() -> "sleep=forever";
      case NoBeginning() -> "print=never";
    };
  }
}
