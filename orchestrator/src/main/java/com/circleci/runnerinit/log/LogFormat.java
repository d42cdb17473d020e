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
import java.util.function.LongUnaryOperator;

/** The two forms in which the same events are written, one line an event. */
public enum LogFormat {
  /** {@code HH:MM:SS <5 hex> <ms>ms <event> key=value…}, as the original's console form. */
  TEXT {
    @Override
    String line(LogEvent event, String traceId, LongUnaryOperator utcOffset, int valueLimit) {
      StringBuilder line = new StringBuilder(160);
      line.append(timeOfDay(System.currentTimeMillis() / 1000, utcOffset)).append(' ');
      line.append(traceId, traceId.length() - SHOWN_TRACE_DIGITS, traceId.length()).append(' ');
      line.append(BigDecimal.valueOf(event.age().toNanos() / 1000, 3).toPlainString());
      line.append("ms ").append(ControlCharacters.escape(cut(event.name(), valueLimit)));
      event
          .attributes()
          .forEach((key, value) ->
              line.append(' ')
                  .append(key)
                  .append('=')
                  .append(ControlCharacters.escape(cut(value.toString(), valueLimit))));
      return line.append('\n').toString();
    }
  },

  /** One JSON object. */
  JSON {
    @Override
    String line(LogEvent event, String traceId, LongUnaryOperator utcOffset, int valueLimit) {
      StringWriter text = new StringWriter(256);
      try (JsonWriter json = new JsonWriter(text)) {
        json.setHtmlSafe(false);
        json.beginObject();
        json.name("timestamp").value(Instant.now().toString());
        json.name("trace_id").value(traceId);
        json.name("duration_ms").value(event.age().toNanos() / 1e6);
        json.name("event").value(cut(event.name(), valueLimit));
        for (Map.Entry<String, Object> attribute : event.attributes().entrySet()) {
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
      return ControlCharacters.escapeJson(text.toString()) + '\n';
    }
  };

  private static final int SHOWN_TRACE_DIGITS = 5;
  private static final int SECONDS_A_DAY = 24 * 60 * 60;

  /** One line, its line feed included; of a longer name or value, its beginning and its end. */
  abstract String line(LogEvent event, String traceId, LongUnaryOperator utcOffset, int valueLimit);

  private static String cut(String value, int limit) {
    if (value.length() <= limit) {
      return value;
    }
    int head = betweenCharacters(value, limit / 2);
    int tail = betweenCharacters(value, value.length() - limit / 2);
    // A lone surrogate, which stands for one byte, is encoded as one byte.
    int omitted = value.substring(head, tail).getBytes(StandardCharsets.UTF_8).length;
    return value.substring(0, head)
        + " ... omitting "
        + omitted
        + " bytes ... "
        + value.substring(tail);
  }

  private static int betweenCharacters(String text, int at) {
    boolean within =
        at > 0
            && at < text.length()
            && Character.isSurrogatePair(text.charAt(at - 1), text.charAt(at));
    return within ? at - 1 : at;
  }

  private static String timeOfDay(long second, LongUnaryOperator utcOffset) {
    int local = Math.floorMod(second + utcOffset.applyAsLong(second), SECONDS_A_DAY);
    // Without the nanosecond it would leave out a full minute's seconds.
    return LocalTime.ofSecondOfDay(local).plusNanos(1).toString().substring(0, 8);
  }
}
