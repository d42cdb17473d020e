package com.circleci.runnerinit.log;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;

/**
 * The local time zone, from the place where Go looks for it (TZ, {@code /etc/localtime}), by a file
 * as in RFC 9636. What is missing or broken is UTC: such a file is the image's, and may hold
 * anything.
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
  private static final int RESERVED_BYTES = 15;
  private static final int MIN_OFFSET = 1 - 25 * 60 * 60;
  private static final int MAX_OFFSET = 26 * 60 * 60 - 1;

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
        .flatMap(file -> parse(ByteBuffer.wrap(file)).stream())
        .findFirst()
        .or(() -> PosixTimeZone.parse(value))
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

  /** What a header says of the block behind it. */
  private record Header(int version, long bytes, int transitions, int types) {}

  private static Optional<LongUnaryOperator> parse(ByteBuffer file) {
    Optional<Header> first = header(file, Integer.BYTES);
    if (first.isEmpty() || first.get().version() == 0) {
      return first.flatMap(header -> zone(file, header, Integer.BYTES));
    }
    // The block of 32-bit times is there for old readers.
    file.position(file.position() + (int) first.get().bytes());
    return header(file, Long.BYTES).flatMap(header -> zone(file, header, Long.BYTES));
  }

  /** Reads a header whose block lies within the file. */
  private static Optional<Header> header(ByteBuffer file, int timeBytes) {
    if (file.remaining() < 44 || file.getInt() != MAGIC) {
      return Optional.empty();
    }
    int version = file.get();
    file.position(file.position() + RESERVED_BYTES);
    long flags = count(file) + count(file);
    long leapSeconds = count(file);
    long transitions = count(file);
    long types = count(file);
    long bytes =
        transitions * (timeBytes + 1)
            + types * 6
            + count(file)
            + leapSeconds * (timeBytes + 4)
            + flags;
    return bytes > file.remaining()
        ? Optional.empty()
        : Optional.of(new Header(version, bytes, (int) transitions, (int) types));
  }

  private static long count(ByteBuffer file) {
    return Integer.toUnsignedLong(file.getInt());
  }

  private static Optional<LongUnaryOperator> zone(ByteBuffer file, Header header, int timeBytes) {
    int end = file.position() + (int) header.bytes();
    long[] times = new long[header.transitions()];
    for (int i = 0; i < times.length; i++) {
      times[i] = timeBytes == Long.BYTES ? file.getLong() : file.getInt();
      if (i > 0 && times[i] < times[i - 1]) {
        return Optional.empty();
      }
    }
    int types = file.position();
    int[] offsets = new int[times.length + 1];
    for (int i = 0; i < offsets.length; i++) {
      // Before the first transition, the first type counts.
      int type = i == 0 ? 0 : Byte.toUnsignedInt(file.get(types + i - 1));
      if (type >= header.types()) {
        return Optional.empty();
      }
      offsets[i] = file.getInt(types + times.length + 6 * type);
      if (offsets[i] < MIN_OFFSET || offsets[i] > MAX_OFFSET) {
        return Optional.empty();
      }
    }
    LongUnaryOperator last = _ -> offsets[times.length];
    return (timeBytes == Long.BYTES ? footer(file.position(end), last) : Optional.of(last))
        .map(later ->
            second -> {
              int transitions = transitionsUntil(second, times);
              return transitions < times.length ? offsets[transitions] : later.applyAsLong(second);
            });
  }

  private static int transitionsUntil(long second, long[] times) {
    int transitions = times.length;
    while (transitions > 0 && times[transitions - 1] > second) {
      transitions--;
    }
    return transitions;
  }

  /** The rule for what comes after the last transition; that one's offset if it is blank. */
  private static Optional<LongUnaryOperator> footer(ByteBuffer file, LongUnaryOperator last) {
    String text = StandardCharsets.ISO_8859_1.decode(file).toString();
    int end = text.indexOf('\n', 1);
    if (end < 0 || text.charAt(0) != '\n') {
      return Optional.empty();
    }
    return end == 1 ? Optional.of(last) : PosixTimeZone.parse(text.substring(1, end));
  }
}
