package com.circleci.runnerinit.clients.runner;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.StringTokenizer;

/** Reads a {@code Retry-After} header (RFC 9110 §10.2.3): seconds, or a date. */
final class RetryAfter {
  private static final int MAX_DIGITS = 9;
  private static final List<String> MONTHS =
      List.of("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec");

  private RetryAfter() {}

  /** The pause that the header asks for, never negative; nothing if it says nothing sensible. */
  static Optional<Duration> parse(String value, Instant now) {
    String text = value.strip();
    if (!text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      long seconds = text.length() > MAX_DIGITS ? Integer.MAX_VALUE : Long.parseLong(text);
      return Optional.of(Duration.ofSeconds(seconds));
    }
    return date(text).map(at -> at.isAfter(now) ? Duration.between(now, at) : Duration.ZERO);
  }

  /**
   * HTTP's dates (RFC 9110 §5.6.7), the two obsolete forms too, without java.time's formatters,
   * whose locale data would cost the executable more than a header is worth.
   */
  static Optional<Instant> date(String text) {
    int month = 0;
    int day = -1;
    int year = -1;
    int[] time = {};
    StringTokenizer tokens = new StringTokenizer(text, " ,-");
    while (tokens.hasMoreTokens()) {
      String token = tokens.nextToken();
      if (token.indexOf(':') > 0) {
        time = time(token);
      } else if (MONTHS.contains(token)) {
        month = MONTHS.indexOf(token) + 1;
      } else if (number(token) >= 0 && day < 0) {
        day = number(token);
      } else if (number(token) >= 0) {
        year = token.length() == 2 ? 2000 + number(token) : number(token);
      }
    }
    if (time.length != 3 || year < 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          LocalDateTime.of(year, month, day, time[0], time[1], time[2]).toInstant(ZoneOffset.UTC));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private static int[] time(String token) {
    StringTokenizer parts = new StringTokenizer(token, ":");
    int[] time = new int[parts.countTokens()];
    for (int i = 0; i < time.length; i++) {
      time[i] = number(parts.nextToken());
    }
    return time;
  }

  /** A number of up to four digits, or -1. */
  private static int number(String token) {
    boolean digits = token.chars().allMatch(c -> c >= '0' && c <= '9');
    return digits && !token.isEmpty() && token.length() <= 4 ? Integer.parseInt(token) : -1;
  }
}
