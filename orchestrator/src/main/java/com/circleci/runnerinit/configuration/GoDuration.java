package com.circleci.runnerinit.configuration;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;

/** Durations in the notation of Go's time package: {@code 300ms}, {@code 1h0m0s}, {@code 0}. */
public final class GoDuration {
  private static final long NANOS_A_MICRO = 1_000;
  private static final long NANOS_A_MILLI = 1_000_000;
  private static final long NANOS_A_SECOND = 1_000_000_000;
  private static final long NANOS_A_MINUTE = 60 * NANOS_A_SECOND;
  private static final long NANOS_AN_HOUR = 60 * NANOS_A_MINUTE;

  private static final BigDecimal LEAST = BigDecimal.valueOf(Long.MIN_VALUE);
  private static final BigDecimal MOST = BigDecimal.valueOf(Long.MAX_VALUE);

  private GoDuration() {}

  /**
   * Reads a duration.
   *
   * @throws IllegalArgumentException when the text is not one; the message names the text and the
   *     expected form
   */
  public static Duration parse(String text) {
    String rest = text;
    boolean negative = rest.startsWith("-");
    if (negative || rest.startsWith("+")) {
      rest = rest.substring(1);
    }
    if (rest.equals("0")) {
      return Duration.ZERO;
    }
    BigDecimal nanos = BigDecimal.ZERO;
    int at = 0;
    while (at < rest.length()) {
      int unitAt = end(rest, at, true);
      int next = end(rest, unitAt, false);
      nanos = nanos.add(nanosOf(text, rest.substring(at, unitAt), rest.substring(unitAt, next)));
      at = next;
    }
    BigDecimal whole = nanos.setScale(0, RoundingMode.DOWN);
    BigDecimal signed = negative ? whole.negate() : whole;
    if (rest.isEmpty() || signed.compareTo(LEAST) < 0 || signed.compareTo(MOST) > 0) {
      throw invalid(text);
    }
    return Duration.ofNanos(signed.longValueExact());
  }

  private static int end(String text, int begin, boolean numeric) {
    int at = begin;
    while (at < text.length() && isNumeric(text.charAt(at)) == numeric) {
      at++;
    }
    return at;
  }

  private static boolean isNumeric(char c) {
    return (c >= '0' && c <= '9') || c == '.';
  }

  private static BigDecimal nanosOf(String text, String number, String unit) {
    long nanosAUnit =
        switch (unit) {
          case "ns" -> 1;
          case "us", "µs", "μs" -> NANOS_A_MICRO;
          case "ms" -> NANOS_A_MILLI;
          case "s" -> NANOS_A_SECOND;
          case "m" -> NANOS_A_MINUTE;
          case "h" -> NANOS_AN_HOUR;
          default -> throw invalid(text);
        };
    if (number.equals(".")) {
      throw invalid(text);
    }
    try {
      return new BigDecimal(number).multiply(BigDecimal.valueOf(nanosAUnit));
    } catch (NumberFormatException e) {
      throw invalid(text);
    }
  }

  private static IllegalArgumentException invalid(String text) {
    return new IllegalArgumentException(
        "expected a duration such as 300ms, 10s or 1h0m0s, but got \"" + text + "\"");
  }

  /** The form that Go's {@code Duration.String} gives. */
  public static String format(Duration duration) {
    long nanos = duration.toNanos();
    if (nanos == 0) {
      return "0s";
    }
    // Of the least long, whose negation is itself, the unsigned value is right.
    long magnitude = nanos < 0 ? -nanos : nanos;
    String text;
    if (Long.compareUnsigned(magnitude, NANOS_A_MICRO) < 0) {
      text = magnitude + "ns";
    } else if (Long.compareUnsigned(magnitude, NANOS_A_MILLI) < 0) {
      text = decimal(magnitude, NANOS_A_MICRO) + "µs";
    } else if (Long.compareUnsigned(magnitude, NANOS_A_SECOND) < 0) {
      text = decimal(magnitude, NANOS_A_MILLI) + "ms";
    } else {
      text = clock(magnitude);
    }
    return nanos < 0 ? "-" + text : text;
  }

  private static String clock(long nanos) {
    long minutes = Long.divideUnsigned(nanos, NANOS_A_MINUTE);
    String seconds = decimal(Long.remainderUnsigned(nanos, NANOS_A_MINUTE), NANOS_A_SECOND) + "s";
    if (minutes == 0) {
      return seconds;
    }
    if (minutes < 60) {
      return minutes + "m" + seconds;
    }
    return minutes / 60 + "h" + minutes % 60 + "m" + seconds;
  }

  private static String decimal(long nanos, long nanosAUnit) {
    BigDecimal value =
        BigDecimal.valueOf(nanos)
            .divide(BigDecimal.valueOf(nanosAUnit), 9, RoundingMode.UNNECESSARY)
            .stripTrailingZeros();
    return value.toPlainString();
  }
}
