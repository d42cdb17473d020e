package com.circleci.runnerinit.configuration;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;

/** Durations in the notation of Go's time package: {@code 300ms}, {@code 1h0m0s}, {@code 0}. */
public final class GoDuration {
  private GoDuration() {}

  /** Reads one, or throws an IllegalArgumentException that names the text and what it should be. */
  public static Duration parse(String text) {
    boolean signed = text.startsWith("-") || text.startsWith("+");
    String rest = signed ? text.substring(1) : text;
    if (rest.equals("0")) {
      return Duration.ZERO;
    }
    try {
      BigDecimal nanos = nanosOf(rest).setScale(0, RoundingMode.DOWN);
      return Duration.ofNanos((text.startsWith("-") ? nanos.negate() : nanos).longValueExact());
    } catch (ArithmeticException | NumberFormatException e) {
      throw new IllegalArgumentException(
          "expected a duration such as 300ms, 10s or 1h0m0s, but got \"" + text + "\"", e);
    }
  }

  /** The sum of one number with its unit or more. */
  private static BigDecimal nanosOf(String text) {
    BigDecimal nanos = BigDecimal.ZERO;
    int at = 0;
    do {
      int unitAt = at;
      while (unitAt < text.length() && isNumeric(text.charAt(unitAt))) {
        unitAt++;
      }
      int next = unitAt;
      while (next < text.length() && !isNumeric(text.charAt(next))) {
        next++;
      }
      BigDecimal number = new BigDecimal(text.substring(at, unitAt));
      nanos = nanos.add(number.multiply(nanosOfUnit(text.substring(unitAt, next))));
      at = next;
    } while (at < text.length());
    return nanos;
  }

  private static boolean isNumeric(char c) {
    return (c >= '0' && c <= '9') || c == '.';
  }

  private static BigDecimal nanosOfUnit(String unit) {
    return switch (unit) {
      case "ns" -> BigDecimal.ONE;
      case "us", "µs", "μs" -> BigDecimal.valueOf(1_000);
      case "ms" -> BigDecimal.valueOf(1_000_000);
      case "s" -> BigDecimal.valueOf(1_000_000_000);
      case "m" -> BigDecimal.valueOf(60_000_000_000L);
      case "h" -> BigDecimal.valueOf(3_600_000_000_000L);
      default -> throw new NumberFormatException("no unit");
    };
  }

  /** The form that Go's {@code Duration.String} gives. */
  public static String format(Duration duration) {
    String sign = duration.isNegative() ? "-" : "";
    Duration size = duration.abs();
    int nanos = size.getNano();
    if (size.isZero()) {
      return "0s";
    }
    if (size.getSeconds() > 0) {
      String seconds = decimal(1_000_000_000L * size.toSecondsPart() + nanos, 9) + "s";
      String minutes = size.toMinutes() > 0 ? size.toMinutesPart() + "m" : "";
      String hours = size.toHours() > 0 ? size.toHours() + "h" : "";
      return sign + hours + minutes + seconds;
    }
    if (nanos < 1_000) {
      return sign + nanos + "ns";
    }
    return sign + (nanos < 1_000_000 ? decimal(nanos, 3) + "µs" : decimal(nanos, 6) + "ms");
  }

  private static String decimal(long unscaled, int scale) {
    return BigDecimal.valueOf(unscaled, scale).stripTrailingZeros().toPlainString();
  }
}
