package com.circleci.runnerinit.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventLogTest {
  private static final String TRACE = "0123456789abcdef0123456789a3f9ab";

  private final List<String> lines = new ArrayList<>();

  @Test
  void shouldWriteOneLineWithSortedKeys() {
    log(LogFormat.TEXT)
        .event("starting orchestrator")
        .with("version", "1")
        .with("date", "d")
        .attribute("http.attempt", 2)
        .error("boom")
        .write();

    assertThat(lines)
        .singleElement()
        .asString()
        .matches(
            "\\d\\d:\\d\\d:\\d\\d 3f9ab \\d+\\.\\d{3}ms starting orchestrator"
                + " app\\.date=d app\\.version=1 error=boom http\\.attempt=2 result=error\n");
  }

  @Test
  void shouldEscapeWhatCouldForgeALine() {
    log(LogFormat.TEXT).event("e").with("v", "a\nb\r\u001b[31m\u2028\u202e\u0085é").write();

    assertThat(lines.getFirst()).endsWith(" e app.v=a\\nb\\r\\u001b[31m\\u2028\\u202e\\u0085é\n");
  }

  @Test
  void shouldWriteTheSameEventAsJson() {
    log(LogFormat.JSON).event("e").with("n", 7).with("text", "a\nb").success().write();

    JsonObject line = JsonParser.parseString(lines.getFirst()).getAsJsonObject();
    assertThat(line.get("event").getAsString()).isEqualTo("e");
    assertThat(line.get("app.n").getAsInt()).isEqualTo(7);
    assertThat(line.get("app.text").getAsString()).isEqualTo("a\nb");
    assertThat(line.get("result").getAsString()).isEqualTo("success");
    assertThat(line.get("trace_id").getAsString()).isEqualTo(TRACE);
  }

  @Test
  void shouldEscapeInJsonWhatATerminalObeys() {
    String hostile = "a\u001b[31m\u007f\u009b2J\u2028\u202e\"\\é";

    log(LogFormat.JSON).event("e").with("v", hostile).write();

    assertThat(lines.getFirst())
        .contains("\"a\\u001b[31m\\u007f\\u009b2J\\u2028\\u202e\\\"\\\\é\"")
        .endsWith("}\n");
    assertThat(
            JsonParser.parseString(lines.getFirst()).getAsJsonObject().get("app.v").getAsString())
        .isEqualTo(hostile);
  }

  private EventLog log(LogFormat format) {
    return new EventLog(
        format, TRACE, _ -> 0, line -> lines.add(new String(line, StandardCharsets.UTF_8)));
  }
}
