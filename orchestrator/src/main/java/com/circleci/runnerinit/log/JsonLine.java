package com.circleci.runnerinit.log;

import static java.util.Objects.requireNonNull;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;

/** The same events as one JSON object a line. */
final class JsonLine implements LineFormat {
  private final String traceId;

  JsonLine(String traceId) {
    this.traceId = requireNonNull(traceId, "traceId is null");
  }

  @Override
  public byte[] format(LogEvent event) {
    StringWriter text = new StringWriter(256);
    try (JsonWriter json = new JsonWriter(text)) {
      json.setHtmlSafe(false);
      json.beginObject();
      json.name("timestamp").value(Instant.now().toString());
      json.name("trace_id").value(traceId);
      json.name("duration_ms").value(event.age().toNanos() / 1e6);
      json.name("event").value(event.name());
      for (Map.Entry<String, Object> attribute : event.attributes().entrySet()) {
        json.name(attribute.getKey());
        writeValue(json, attribute.getValue());
      }
      json.endObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    // JSON allows DEL, C1 controls and bidirectional overrides within a string; a terminal obeys.
    return (ControlCharacters.escapeJson(text.toString()) + '\n').getBytes(StandardCharsets.UTF_8);
  }

  private static void writeValue(JsonWriter json, Object value) throws IOException {
    switch (value) {
      case Boolean flag -> json.value(flag);
      case Number number -> json.value(number);
      default -> json.value(value.toString());
    }
  }
}
