package com.circleci.runnerinit.log;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;

/** Writes the run's events to a sink, in the form that was asked for. Safe for any thread. */
public final class EventLog {
  /** A quarter of what {@link BufferedSink} holds. */
  private static final int MAX_LINE_BYTES = 1024 * 1024;

  private final LogFormat format;
  private final String traceId;
  private final LongUnaryOperator utcOffset;
  private final Consumer<byte[]> sink;

  /**
   * A log of one run.
   *
   * @param traceId the run's trace id in lower-case hexadecimal; its last five digits mark each
   *     line
   * @param utcOffset the local time's offset from UTC in seconds, at a given Unix time in seconds
   * @param sink takes each whole line, its line feed included; called by any thread
   */
  public EventLog(
      LogFormat format, String traceId, LongUnaryOperator utcOffset, Consumer<byte[]> sink) {
    this.format = format;
    this.traceId = traceId;
    this.utcOffset = utcOffset;
    this.sink = sink;
  }

  /** Begins an event; its duration runs from here until it is written. */
  public LogEvent event(String name) {
    return new LogEvent(this, name);
  }

  void write(LogEvent event) {
    int valueLimit = MAX_LINE_BYTES;
    byte[] line;
    do {
      valueLimit /= 2;
      line = format.line(event, traceId, utcOffset, valueLimit).getBytes(StandardCharsets.UTF_8);
    } while (line.length > MAX_LINE_BYTES && valueLimit > 0);
    sink.accept(line);
  }
}
