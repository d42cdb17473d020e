package com.circleci.runnerinit.health;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A log whose lines a test can read. */
final class Lines {
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final EventLog log =
      new EventLog(
          LogFormat.TEXT, "0123456789abcdef", second -> 0, b -> lines.add(new String(b, UTF_8)));

  EventLog log() {
    return log;
  }

  List<String> all() {
    return List.copyOf(lines);
  }
}
