package com.circleci.runnerinit.log;

import static java.util.Objects.requireNonNullElse;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntToLongFunction;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The local time zone, from the place where Go looks for it (TZ, {@code /etc/localtime}), by a file
 * as in RFC 9636, or by a rule as POSIX writes it in TZ. What is missing or broken is UTC: such a
 * file is the image's, and may hold anything.
 */
public final class TimeZone {
  /** What has as much or more is no time zone: the largest of IANA's files has 4 KiB. */
  public static final int MAX_FILE_BYTES = 64 * 1024;

  private static final List<String> DIRECTORIES =
      List.of(
          "/usr/share/zoneinfo/",
          "/usr/share/lib/zoneinfo/",
          "/usr/lib/locale/TZ/",
          "/etc/zoneinfo/");

  private static final int MAGIC = 'T' << 24 | 'Z' << 16 | 'i' << 8 | 'f';
  private static final int HOUR = 60 * 60;
  private static final int SECONDS_A_DAY = 24 * HOUR;

  /** Far enough, and within the years of {@link LocalDate}. */
  private static final long MAX_SECOND = 1L << 40;

  private static final String NAME = "(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)";
  private static final String TIME = "([+-]?\\d+(?::\\d+){0,2})";

  /** Such as {@code CET-1CEST,M3.5.0,M10.5.0/3}. */
  private static final String RULE =
      NAME + TIME + "(?:(" + NAME + ")" + TIME + "?(?:,([^,]+),([^,]+))?)?";

  private static final String CHANGE = "(?:M(\\d+)\\.(\\d+)\\.(\\d+)|J?(\\d+))(?:/" + TIME + ")?";

  private TimeZone() {}

  /**
   * The offset from UTC in seconds, at a given Unix time in seconds.
   *
   * @param variable of TZ: a file below one of the system's folders, an absolute path, either of
   *     them after a colon, or a POSIX rule; empty for UTC
   * @param read gives a file's content, its first {@link #MAX_FILE_BYTES} at least, or nothing if
   *     it can't be had
   */
  public static LongUnaryOperator utcOffset(
      Optional<String> variable, Function<String, Optional<byte[]>> read) {
    String value = variable.orElse("/etc/localtime");
    String name = value.startsWith(":") ? value.substring(1) : value;
    return paths(name).stream()
        .flatMap(path -> read.apply(path).stream())
        .filter(file -> file.length < MAX_FILE_BYTES)
        .flatMap(file -> ifSound(() -> byFile(ByteBuffer.wrap(file))).stream())
        .findFirst()
        .or(() -> ifSound(() -> byRule(value)))
        .orElse(_ -> 0);
  }

  private static List<String> paths(String name) {
    if (name.startsWith("/")) {
      return List.of(name);
    }
    return name.isEmpty() || name.equals("UTC") || name.contains("..")
        ? List.of()
        : DIRECTORIES.stream().map(folder -> folder.concat(name)).toList();
  }

  private static Optional<LongUnaryOperator> ifSound(Supplier<LongUnaryOperator> zone) {
    try {
      return Optional.of(zone.get());
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  private static void require(boolean condition) {
    if (!condition) {
      throw new IllegalArgumentException("not of a time zone");
    }
  }

  private static LongUnaryOperator byFile(ByteBuffer file) {
    Block first = new Block(file, 0, Integer.BYTES);
    if (first.version() == 0) {
      return first.zone(last -> last);
    }
    // That block's 32-bit times are there for old readers.
    Block second = new Block(file, first.end(), Long.BYTES);
    return second.zone(last -> footer(file.position(second.end()), last));
  }

  /** The rule for what comes after the last transition; that one's offset if it is blank. */
  private static LongUnaryOperator footer(ByteBuffer file, LongUnaryOperator last) {
    String text = StandardCharsets.ISO_8859_1.decode(file).toString();
    int end = text.indexOf('\n', 1);
    require(end > 0 && text.charAt(0) == '\n');
    return end == 1 ? last : byRule(text.substring(1, end));
  }

  /** A part of a file: a header, and what it counts. */
  private record Block(ByteBuffer file, int begin, int timeBytes) {
    private static final int HEADER_BYTES = 44;
    private static final int TYPE_BYTES = 6;
    private static final int MIN_OFFSET = 1 - 25 * HOUR;
    private static final int MAX_OFFSET = 26 * HOUR - 1;

    Block {
      require(file.getInt(begin) == MAGIC);
    }

    int version() {
      return file.get(begin + 4);
    }

    /** Flags of two kinds, leap seconds, transitions, types of time, letters of names. */
    private long count(int index) {
      return Integer.toUnsignedLong(file.getInt(begin + 20 + Integer.BYTES * index));
    }

    int end() {
      long counted = count(0) + count(1) + count(2) * (timeBytes + 4) + count(5);
      counted += count(3) * (timeBytes + 1) + count(4) * TYPE_BYTES;
      require(counted <= file.limit() - begin - HEADER_BYTES);
      return begin + HEADER_BYTES + (int) counted;
    }

    /**
     * The zone that it tells of.
     *
     * @param later what counts after the last transition, instead of the offset since that
     */
    LongUnaryOperator zone(UnaryOperator<LongUnaryOperator> later) {
      require(end() <= file.limit()); // all that is counted is there
      long[] times = new long[(int) count(3)];
      int[] offsets = new int[times.length + 1];
      int timesAt = begin + HEADER_BYTES;
      int typesAt = timesAt + times.length * (timeBytes + 1);
      for (int i = 0; i <= times.length; i++) {
        // Before the first transition, the first type counts.
        int type = i == 0 ? 0 : Byte.toUnsignedInt(file.get(typesAt - times.length + i - 1));
        require(type < count(4));
        offsets[i] = file.getInt(typesAt + TYPE_BYTES * type);
        require(offsets[i] >= MIN_OFFSET && offsets[i] <= MAX_OFFSET);
      }
      for (int i = 0; i < times.length; i++) {
        int at = timesAt + timeBytes * i;
        times[i] = timeBytes == Long.BYTES ? file.getLong(at) : file.getInt(at);
        require(i == 0 || times[i] >= times[i - 1]);
      }
      LongUnaryOperator last = later.apply(_ -> offsets[times.length]);
      return second -> {
        int passed = times.length;
        while (passed > 0 && times[passed - 1] > second) {
          passed--;
        }
        return passed < times.length ? offsets[passed] : last.applyAsLong(second);
      };
    }
  }

  private static LongUnaryOperator byRule(String text) {
    Matcher rule = Pattern.compile(RULE).matcher(text);
    require(rule.matches());
    int standard = -seconds(rule.group(1), 24);
    if (rule.group(2) == null) {
      return _ -> standard;
    }
    int daylight = rule.group(3) == null ? standard + HOUR : -seconds(rule.group(3), 24);
    // POSIX leaves open what daylight saving without changes means; zic and glibc take these.
    List<Change> changes =
        List.of(
            Change.parse(requireNonNullElse(rule.group(4), "M3.2.0"), standard, daylight),
            Change.parse(requireNonNullElse(rule.group(5), "M11.1.0"), daylight, standard));
    return second -> offset(Math.clamp(second, -MAX_SECOND, MAX_SECOND), standard, changes);
  }

  private static int offset(long second, int standard, List<Change> changes) {
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

  /**
   * What happens once a year.
   *
   * @param epochDay of a year
   * @param second of that day, by the clock as it is before the change
   */
  private record Change(IntToLongFunction epochDay, int second, int before, int after) {
    static Change parse(String text, int before, int after) {
      Matcher change = Pattern.compile(CHANGE).matcher(text);
      require(change.matches());
      IntToLongFunction epochDay;
      if (text.startsWith("M")) {
        int month = number(change.group(1), 1, 12);
        int week = number(change.group(2), 1, 5);
        int weekday = number(change.group(3), 0, 6);
        epochDay = year -> weekdayOfMonth(year, month, week, weekday);
      } else if (text.startsWith("J")) {
        // Without the 29th of February.
        LocalDate day = LocalDate.ofYearDay(1970, number(change.group(4), 1, 365));
        epochDay = year -> day.withYear(year).toEpochDay();
      } else {
        int day = number(change.group(4), 0, 365);
        epochDay = year -> LocalDate.ofYearDay(year, 1).toEpochDay() + day;
      }
      // RFC 9636 lets it be moved by a week.
      int second = seconds(requireNonNullElse(change.group(5), "2"), 167);
      return new Change(epochDay, second, before, after);
    }

    /** Of Sunday, 0, to Saturday, the one in a week of the month; the fifth is the last. */
    private static long weekdayOfMonth(int year, int month, int week, int weekday) {
      LocalDate first = LocalDate.of(year, month, 1);
      int day = Math.floorMod(weekday - first.getDayOfWeek().getValue(), 7) + 7 * (week - 1);
      return first.toEpochDay() + (day < first.lengthOfMonth() ? day : day - 7);
    }

    long in(int year) {
      return epochDay.applyAsLong(year) * SECONDS_A_DAY + second - before;
    }
  }

  /** Hours, and maybe minutes and seconds, with or without a sign. */
  private static int seconds(String time, int maxHours) {
    int seconds = 0;
    int unit = HOUR;
    for (String part : time.replaceFirst("[+-]", "").split(":", -1)) {
      seconds += unit * number(part, 0, unit == HOUR ? maxHours : 59);
      unit /= 60;
    }
    return time.startsWith("-") ? -seconds : seconds;
  }

  private static int number(@Nullable String digits, int min, int max) {
    int number = Integer.parseInt(digits);
    require(number >= min && number <= max);
    return number;
  }
}
