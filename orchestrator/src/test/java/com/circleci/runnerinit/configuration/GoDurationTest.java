package com.circleci.runnerinit.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GoDurationTest {
  @ParameterizedTest
  @CsvSource({
    "0, PT0S",
    "10s, PT10S",
    "300ms, PT0.3S",
    "1h0m0s, PT1H",
    "1.5h, PT1H30M",
    "-2s, PT-2S",
    "1h2m3.5s, PT1H2M3.5S",
    "100ns, PT0.0000001S",
    "7us, PT0.000007S",
    "7µs, PT0.000007S",
    ".5s, PT0.5S",
    "+1m, PT1M",
    "2562047h47m16.854775807s, PT2562047H47M16.854775807S",
    "-2562047h47m16.854775808s, PT-2562047H-47M-16.854775808S"
  })
  void shouldRead(String text, Duration duration) {
    assertThat(GoDuration.parse(text)).isEqualTo(duration);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "10",
        "s",
        "1x",
        "1 s",
        ".s",
        "1..5s",
        "-",
        "1d",
        "9999999999h",
        "2562047h47m16.854775808s"
      })
  void shouldRefuseAndNameTheForm(String text) {
    assertThatThrownBy(() -> GoDuration.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("expected a duration such as 300ms, 10s or 1h0m0s, but got \"" + text + "\"");
  }

  @ParameterizedTest
  @CsvSource({
    "PT0S, 0s",
    "PT1H, 1h0m0s",
    "PT1M, 1m0s",
    "PT1.5S, 1.5s",
    "PT0.1S, 100ms",
    "PT0.000001S, 1µs",
    "PT0.000000001S, 1ns",
    "PT-1H, -1h0m0s",
    "PT100H0.25S, 100h0m0.25s",
    "PT0.0015S, 1.5ms"
  })
  void shouldFormat(Duration duration, String text) {
    assertThat(GoDuration.format(duration)).isEqualTo(text);
  }

  @Test
  void shouldFormatTheExtremes() {
    assertThat(GoDuration.format(Duration.ofNanos(Long.MAX_VALUE)))
        .isEqualTo("2562047h47m16.854775807s");
    assertThat(GoDuration.format(Duration.ofNanos(Long.MIN_VALUE)))
        .isEqualTo("-2562047h47m16.854775808s");
  }
}
