package com.circleci.runnerinit.log;

import static java.util.Objects.requireNonNull;

import java.util.function.LongUnaryOperator;

/** Writes the run's events to a sink, in the form that was asked for. Safe for any thread. */
public final class EventLog {
  private final LineFormat format;
  private final LogSink sink;

  /**
   * A log of one run.
   *
   * @param traceId the run's trace id in lower-case hexadecimal; its last five digits mark each
   *     line
   * @param utcOffset the local time's offset from UTC in seconds, at a given Unix time in seconds
   */
  public EventLog(LogFormat format, String traceId, LongUnaryOperator utcOffset, LogSink sink) {
    requireNonNull(utcOffset, "utcOffset is null");
    this.format =
        switch (requireNonNull(format, "format is null")) {
          case TEXT -> new TextLine(traceId, utcOffset);
          case JSON -> new JsonLine(traceId);
        };
    this.sink = requireNonNull(sink, "sink is null");
  }

  /** Begins an event; its duration runs from here until it is written. */
  public LogEvent event(String name) {
    return new LogEvent(this, name);
  }

  void write(LogEvent event) {
    sink.write(format.format(event));
  }
}
