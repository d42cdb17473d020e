package com.circleci.runnerinit.log;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalTime;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;

/** Writes the run's events to a sink, in the form that was asked for. Safe for any thread. */
public final class EventLog {
  /** More says nothing to a reader. */
  static final int MAX_LINE_BYTES = 1024 * 1024;

  private static final int SHOWN_TRACE_DIGITS = 5;
  private static final int SECONDS_A_DAY = 24 * 60 * 60;

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

  /** Of a name or a value that would make the line too long, its beginning and its end. */
  void write(LogEvent event) {
    int valueLimit = MAX_LINE_BYTES;
    byte[] line;
    do {
      valueLimit /= 2;
      String text =
          switch (format) {
            case TEXT -> text(event, valueLimit);
            case JSON -> json(event, valueLimit);
          };
      line = (text + '\n').getBytes(StandardCharsets.UTF_8);
    } while (line.length > MAX_LINE_BYTES && valueLimit > 0);
    sink.accept(line);
  }

  private String text(LogEvent event, int valueLimit) {
    StringBuilder line = new StringBuilder(160);
    line.append(timeOfDay()).append(' ');
    line.append(traceId, traceId.length() - SHOWN_TRACE_DIGITS, traceId.length()).append(' ');
    line.append(BigDecimal.valueOf(event.age().toNanos() / 1000, 3).toPlainString());
    line.append("ms ").append(ControlCharacters.escape(cut(event.name, valueLimit)));
    event.attributes.forEach((key, value) -> {
      String shown = ControlCharacters.escape(cut(value.toString(), valueLimit));
      line.append(' ').append(key).append('=').append(shown);
    });
    return line.toString();
  }

  private String timeOfDay() {
    long second = System.currentTimeMillis() / 1000;
    int local = Math.floorMod(second + utcOffset.applyAsLong(second), SECONDS_A_DAY);
    // Without the nanosecond it would leave out a full minute's seconds.
    return LocalTime.ofSecondOfDay(local).plusNanos(1).toString().substring(0, 8);
  }

  private String json(LogEvent event, int valueLimit) {
    StringWriter text = new StringWriter(256);
    try (JsonWriter json = new JsonWriter(text)) {
      json.setHtmlSafe(false);
      json.beginObject();
      json.name("timestamp").value(Instant.now().toString());
      json.name("trace_id").value(traceId);
      json.name("duration_ms").value(event.age().toNanos() / 1e6);
      json.name("event").value(cut(event.name, valueLimit));
      for (Map.Entry<String, Object> attribute : event.attributes.entrySet()) {
        json.name(attribute.getKey());
        switch (attribute.getValue()) {
          case Boolean flag -> json.value(flag);
          case Integer number -> json.value(number);
          case Long number -> json.value(number);
          case BigDecimal number -> json.value(number);
          case Object value -> json.value(cut(value.toString(), valueLimit));
        }
      }
      json.endObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    // JSON allows DEL, C1 controls and all that is unseen within a string; a terminal obeys.
    return ControlCharacters.escapeJson(text.toString());
  }

  private static String cut(String value, int limit) {
    if (value.length() <= limit) {
      return value;
    }
    int head = betweenCharacters(value, limit / 2);
    int tail = betweenCharacters(value, value.length() - limit / 2);
    // A lone surrogate, which stands for one byte, is encoded as one byte.
    int omitted = value.substring(head, tail).getBytes(StandardCharsets.UTF_8).length;
    String told = " ... omitting " + omitted + " bytes ... ";
    return value.substring(0, head) + told + value.substring(tail);
  }

  private static int betweenCharacters(String text, int at) {
    boolean within =
        at > 0
            && at < text.length()
            && Character.isSurrogatePair(text.charAt(at - 1), text.charAt(at));
    return within ? at - 1 : at;
  }
}
