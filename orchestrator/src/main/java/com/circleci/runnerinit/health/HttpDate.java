package com.circleci.runnerinit.health;

import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** The date format of HTTP, {@code Sun, 06 Nov 1994 08:49:37 GMT} (RFC 9110 §5.6.7). */
final class HttpDate {
  private static final String DAYS = "MonTueWedThuFriSatSun";
  private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
  private static final int NAME_LENGTH = 3;

  private HttpDate() {}

  static String format(long unixSeconds) {
    LocalDateTime time = LocalDateTime.ofEpochSecond(unixSeconds, 0, ZoneOffset.UTC);
    StringBuilder text = new StringBuilder(29);
    appendName(text, DAYS, time.getDayOfWeek().getValue());
    appendTwoDigits(text.append(", "), time.getDayOfMonth());
    appendName(text.append(' '), MONTHS, time.getMonthValue());
    text.append(' ').append(time.getYear());
    appendTwoDigits(text.append(' '), time.getHour());
    appendTwoDigits(text.append(':'), time.getMinute());
    appendTwoDigits(text.append(':'), time.getSecond());
    return text.append(" GMT").toString();
  }

  private static void appendName(StringBuilder text, String names, int number) {
    text.append(names, (number - 1) * NAME_LENGTH, number * NAME_LENGTH);
  }

  private static void appendTwoDigits(StringBuilder text, int value) {
    text.append((char) ('0' + value / 10)).append((char) ('0' + value % 10));
  }
}
