package com.circleci.runnerinit.log;

import com.circleci.runnerinit.fuzzing.Property;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/** Fuzz target: any bytes as the file of a time zone, and as TZ. */
public final class TimeZoneFuzz {
  private static final long[] MOMENTS = {
    Long.MIN_VALUE,
    -1,
    0,
    1_774_745_999,
    1_774_746_000,
    1_795_953_600,
    4_102_444_800L,
    Long.MAX_VALUE
  };

  private TimeZoneFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    checkBounds(TimeZone.utcOffset(Optional.empty(), _ -> Optional.of(input)));
    String text = new String(input, StandardCharsets.ISO_8859_1);
    LongUnaryOperator rule = TimeZone.utcOffset(Optional.of(text), _ -> Optional.empty());
    checkBounds(rule);
    LongUnaryOperator footer =
        TimeZone.utcOffset(Optional.empty(), _ -> Optional.of(ZoneFiles.ofRule(text)));
    for (long moment : MOMENTS) {
      Property.holds(
          text.contains("\n") || rule.applyAsLong(moment) == footer.applyAsLong(moment),
          "the rule is another in a file at %d",
          moment);
    }
  }

  private static void checkBounds(LongUnaryOperator zone) {
    for (long moment : MOMENTS) {
      long offset = zone.applyAsLong(moment);
      Property.holds(Math.abs(offset) < 26 * 60 * 60, "%d at %d", offset, moment);
    }
  }
}
