package com.circleci.runnerinit.log;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.util.function.LongUnaryOperator;

/** {@code HH:MM:SS <5 hex> <ms>ms <event> key=value…}, as the original's console form. */
final class TextLine implements LineFormat {
  private static final int SHOWN_TRACE_DIGITS = 5;
  private static final int SECONDS_A_DAY = 24 * 60 * 60;

  private final String traceTail;
  private final LongUnaryOperator utcOffset;

  TextLine(String traceId, LongUnaryOperator utcOffset) {
    this.traceTail = traceId.substring(traceId.length() - SHOWN_TRACE_DIGITS);
    this.utcOffset = requireNonNull(utcOffset, "utcOffset is null");
  }

  @Override
  public byte[] format(LogEvent event) {
    StringBuilder line = new StringBuilder(160);
    appendTime(line, System.currentTimeMillis() / 1000);
    line.append(' ').append(traceTail).append(' ');
    appendMillis(line, event.age().toNanos() / 1000);
    line.append("ms ");
    line.append(ControlCharacters.escape(event.name()));
    event
        .attributes()
        .forEach((key, value) -> {
          line.append(' ').append(key).append('=');
          line.append(ControlCharacters.escape(value.toString()));
        });
    return line.append('\n').toString().getBytes(StandardCharsets.UTF_8);
  }

  private void appendTime(StringBuilder line, long unixSeconds) {
    long local = unixSeconds + utcOffset.applyAsLong(unixSeconds);
    int second = (int) Math.floorMod(local, (long) SECONDS_A_DAY);
    appendTwoDigits(line, second / 3600);
    appendTwoDigits(line.append(':'), second / 60 % 60);
    appendTwoDigits(line.append(':'), second % 60);
  }

  private static void appendTwoDigits(StringBuilder line, int value) {
    line.append((char) ('0' + value / 10)).append((char) ('0' + value % 10));
  }

  private static void appendMillis(StringBuilder line, long micros) {
    long fraction = micros % 1000;
    line.append(micros / 1000).append('.');
    line.append((char) ('0' + fraction / 100));
    appendTwoDigits(line, (int) (fraction % 100));
  }
}
