package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RetryAfterTest {
  private static final Instant NOW = Instant.parse("1994-11-06T08:49:30Z");

  @Test
  void readsSeconds() {
    assertThat(RunnerApi.retryAfter("0", NOW)).contains(Duration.ZERO);
    assertThat(RunnerApi.retryAfter("120", NOW)).contains(Duration.ofMinutes(2));
  }

  @Test
  void readsMoreSecondsThanANumberHolds() {
    assertThat(RunnerApi.retryAfter("99999999999999999999", NOW))
        .hasValueSatisfying(pause -> assertThat(pause).isGreaterThan(Duration.ofDays(365)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994"
      })
  void readsDates(String date) {
    assertThat(RunnerApi.retryAfter(date, NOW)).contains(Duration.ofSeconds(7));
  }

  @Test
  void takesATwoDigitYearForThisCentury() {
    Instant now = Instant.parse("2026-11-06T08:49:30Z");
    assertThat(RunnerApi.retryAfter("Friday, 06-Nov-26 08:49:37 GMT", now))
        .contains(Duration.ofSeconds(7));
  }

  @Test
  void asksForNoPauseUntilADateThatHasPassed() {
    assertThat(RunnerApi.retryAfter("Sun, 06 Nov 1994 08:49:29 GMT", NOW)).contains(Duration.ZERO);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "soon",
        "-1",
        "1.5",
        "1e3",
        "٣",
        "Sun, 06 Nov 1994",
        "08:49:37",
        "Sun, 99 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "06 1994 08:49:37",
        ":::: , - 1 1 Nov"
      })
  void readsNothingFromNonsense(String value) {
    assertThat(RunnerApi.retryAfter(value, NOW)).isEmpty();
  }
}
