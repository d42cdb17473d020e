package com.circleci.runnerinit.clients.runner.testing;

import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogFormat;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A log whose lines can be looked at. */
public final class CapturedLog {
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final EventLog log =
      new EventLog(
          LogFormat.TEXT,
          "0123456789abcdef0123456789abcdef",
          seconds -> 0,
          line -> lines.add(new String(line, StandardCharsets.UTF_8)));

  public EventLog log() {
    return log;
  }

  public List<String> lines() {
    return lines;
  }

  /** The port that the health server has announced. */
  public int port() {
    return Integer.parseInt(
        lines.getFirst().replaceFirst("(?s).* app.address=\\S*:(\\d+) .*", "$1"));
  }
}
