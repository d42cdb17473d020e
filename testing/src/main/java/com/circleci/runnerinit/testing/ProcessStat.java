package com.circleci.runnerinit.testing;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The first fields of {@code /proc/PID/stat}, see proc(5). */
public record ProcessStat(
    String name, char state, long parent, long group, long session, Duration cpuTime) {
  /** USER_HZ of every Linux that Java runs on. */
  private static final Duration TICK = Duration.ofMillis(10);

  public boolean isZombie() {
    return state == 'Z' || state == 'X';
  }

  static Optional<ProcessStat> parse(String text) {
    // The name is in parentheses, and may hold blanks and parentheses itself.
    var open = text.indexOf('(');
    var close = text.lastIndexOf(')');
    if (open < 0 || close < open) {
      return Optional.empty();
    }
    var rest = List.of(text.substring(close + 2).split(" ", -1));
    return Optional.of(
        new ProcessStat(
            text.substring(open + 1, close),
            rest.get(0).charAt(0),
            Long.parseLong(rest.get(1)),
            Long.parseLong(rest.get(2)),
            Long.parseLong(rest.get(3)),
            TICK.multipliedBy(Long.parseLong(rest.get(11)) + Long.parseLong(rest.get(12)))));
  }
}
