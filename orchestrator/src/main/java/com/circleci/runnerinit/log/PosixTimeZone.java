package com.circleci.runnerinit.log;

import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import java.util.function.LongUnaryOperator;

/**
 * A time zone as POSIX writes it in TZ, such as {@code CET-1CEST,M3.5.0,M10.5.0/3}, with the hours
 * from −167 to 167 that RFC 9636 adds.
 */
final class PosixTimeZone implements LongUnaryOperator {
  private static final int HOUR = 60 * 60;
  private static final int SECONDS_A_DAY = 24 * HOUR;

  /** POSIX leaves open what daylight saving without rules means; zic and glibc take these. */
  private static final String DEFAULT_RULES = ",M3.2.0,M11.1.0";

  /** Far enough, and within the years of {@link LocalDate}. */
  private static final long MAX_SECOND = 1L << 40;

  private final int standard;
  private final List<Change> changes;

  /**
   * What happens once a year.
   *
   * @param epochDay of a year
   * @param second of that day, by the clock as it is before the change
   */
  private record Change(IntToLongFunction epochDay, int second, int before, int after) {
    long in(int year) {
      return epochDay.applyAsLong(year) * SECONDS_A_DAY + second - before;
    }
  }

  private PosixTimeZone(int standard, List<Change> changes) {
    this.standard = standard;
    this.changes = changes;
  }

  static Optional<LongUnaryOperator> parse(String text) {
    try {
      return Optional.of(new Parser(text).zone());
    } catch (MalformedException e) {
      return Optional.empty();
    }
  }

  @Override
  public long applyAsLong(long unixSecond) {
    long second = Math.clamp(unixSecond, -MAX_SECOND, MAX_SECOND);
    int thisYear = LocalDate.ofEpochDay(Math.floorDiv(second + standard, SECONDS_A_DAY)).getYear();
    long latest = Long.MIN_VALUE;
    int offset = standard;
    // A change may be moved by a week, out of its year. Of two at once the later in order counts:
    // daylight saving all the year ends when that of the next year begins.
    for (int year = thisYear - 2; year <= thisYear + 1; year++) {
      for (Change change : changes) {
        long at = change.in(year);
        if (at <= second && at >= latest) {
          latest = at;
          offset = change.after();
        }
      }
    }
    return offset;
  }

  private static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1;
  }

  private static final class Parser {
    private final String text;
    private int at;

    Parser(String text) {
      this.text = text;
    }

    PosixTimeZone zone() throws MalformedException {
      skipName();
      int standard = -time(24);
      if (atEnd()) {
        return new PosixTimeZone(standard, List.of());
      }
      skipName();
      int daylight = atEnd() || text.charAt(at) == ',' ? standard + HOUR : -time(24);
      Parser rules = atEnd() ? new Parser(DEFAULT_RULES) : this;
      List<Change> changes =
          List.of(rules.change(standard, daylight), rules.change(daylight, standard));
      require(rules.atEnd());
      return new PosixTimeZone(standard, changes);
    }

    private void skipName() throws MalformedException {
      boolean quoted = take('<');
      int begin = at;
      while (!atEnd() && isOfName(text.charAt(at), quoted)) {
        at++;
      }
      require(at - begin >= 3 && (!quoted || take('>')));
    }

    private static boolean isOfName(char c, boolean quoted) {
      boolean letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      return letter || (quoted && (isDigit(c) || c == '+' || c == '-'));
    }

    private Change change(int before, int after) throws MalformedException {
      require(take(','));
      IntToLongFunction day = day();
      return new Change(day, take('/') ? time(167) : 2 * HOUR, before, after);
    }

    private IntToLongFunction day() throws MalformedException {
      if (take('M')) {
        int month = number(1, 12);
        require(take('.'));
        int week = number(1, 5);
        require(take('.'));
        int weekday = number(0, 6);
        return year -> weekdayOfMonth(year, month, week, weekday);
      }
      if (take('J')) {
        // Without the 29th of February.
        LocalDate day = LocalDate.ofYearDay(1970, number(1, 365));
        return year -> day.withYear(year).toEpochDay();
      }
      int day = number(0, 365);
      return year -> LocalDate.ofYearDay(year, 1).toEpochDay() + day;
    }

    /** Of Sunday, 0, to Saturday, the one in a week of the month; the fifth is the last. */
    private static long weekdayOfMonth(int year, int month, int week, int weekday) {
      LocalDate first = LocalDate.of(year, month, 1);
      int day = Math.floorMod(weekday - first.getDayOfWeek().getValue(), 7) + 7 * (week - 1);
      return first.toEpochDay() + (day < first.lengthOfMonth() ? day : day - 7);
    }

    private int time(int maxHours) throws MalformedException {
      int sign = take('-') ? -1 : 1;
      if (sign > 0) {
        take('+');
      }
      int seconds = number(0, maxHours) * HOUR;
      if (take(':')) {
        seconds += number(0, 59) * 60;
        seconds += take(':') ? number(0, 59) : 0;
      }
      return sign * seconds;
    }

    private int number(int min, int max) throws MalformedException {
      int begin = at;
      int number = 0;
      while (!atEnd() && isDigit(text.charAt(at)) && number <= max) {
        number = 10 * number + text.charAt(at++) - '0';
      }
      require(at > begin && number >= min && number <= max);
      return number;
    }

    private boolean take(char c) {
      boolean there = !atEnd() && text.charAt(at) == c;
      at += there ? 1 : 0;
      return there;
    }

    private boolean atEnd() {
      return at == text.length();
    }

    private static boolean isDigit(char c) {
      return c >= '0' && c <= '9';
    }

    private static void require(boolean condition) throws MalformedException {
      if (!condition) {
        throw new MalformedException();
      }
    }
  }
}
