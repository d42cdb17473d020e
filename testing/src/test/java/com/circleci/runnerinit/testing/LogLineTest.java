package com.circleci.runnerinit.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogLineTest {

  @Test
  void shouldReadAnEventWithItsFields() {
    var line =
        LogLine.parse(
            "21:05:50 3f9ab 0.012ms starting orchestrator app.date=2026-11-24 app.version=1.0 x");

    assertThat(line)
        .hasValue(
            new LogLine(
                "21:05:50",
                "3f9ab",
                "0.012",
                "starting orchestrator",
                Map.of("app.date", "2026-11-24", "app.version", "1.0 x")));
  }

  @Test
  void shouldReadAnEventWithoutFields() {
    assertThat(LogLine.parse("21:05:50 3f9ab 1ms termination grace period is over"))
        .map(LogLine::event)
        .hasValue("termination grace period is over");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "the task's own line", "21:05:50 xyz12 1ms event", "21:05 3f9ab 1ms x"})
  void shouldNotTakeAnotherLineForAnEvent(String line) {
    assertThat(LogLine.parse(line)).isEmpty();
  }
}
