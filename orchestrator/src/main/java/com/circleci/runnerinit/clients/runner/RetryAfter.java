package com.circleci.runnerinit.clients.runner;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;

/** Reads a {@code Retry-After} header (RFC 9110 §10.2.3): seconds, or a date. */
final class RetryAfter {
  private static final int MAX_DIGITS = 9;
  private static final List<String> MONTHS =
      List.of("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec");

  private RetryAfter() {}

  /** The pause that the header asks for, never negative; nothing if it says nothing sensible. */
  static Optional<Duration> parse(String value, Instant now) {
    String text = value.strip();
    if (text.matches("[0-9]+")) {
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
    List<String> in = List.of(text.split("[ ,:-]+", -1));
    List<String> fields;
    if (in.size() == 8) {
      // Sun, 06 Nov 1994 08:49:37 GMT or Sunday, 06-Nov-94 08:49:37 GMT
      fields = in.subList(1, 7);
    } else if (in.size() == 7) {
      // Sun Nov  6 08:49:37 1994
      fields = List.of(in.get(2), in.get(1), in.get(6), in.get(3), in.get(4), in.get(5));
    } else {
      return Optional.empty();
    }
    try {
      int[] time = fields.subList(2, 6).stream().mapToInt(Integer::parseInt).toArray();
      int year = time[0] < 100 ? 2000 + time[0] : time[0];
      int month = MONTHS.indexOf(fields.get(1)) + 1;
      int day = Integer.parseInt(fields.get(0));
      LocalDateTime date = LocalDateTime.of(year, month, day, time[1], time[2], time[3]);
      return Optional.of(date.toInstant(ZoneOffset.UTC));
    } catch (DateTimeException | NumberFormatException e) {
      return Optional.empty();
    }
  }
}
