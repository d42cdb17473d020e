package com.circleci.runnerinit.configuration;

import com.circleci.runnerinit.fuzzing.Property;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Fuzz target: durations in Go's notation, there and back. */
public final class GoDurationFuzz {
  private GoDurationFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length >= Long.BYTES) {
      checkRoundTrip(Duration.ofNanos(ByteBuffer.wrap(input).getLong()));
    }
    Duration parsed;
    try {
      parsed = GoDuration.parse(new String(input, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      Property.holds(
          String.valueOf(e.getMessage()).startsWith("expected a duration such as"), "%s", e);
      return;
    }
    checkRoundTrip(parsed);
  }

  private static void checkRoundTrip(Duration duration) {
    String text = GoDuration.format(duration);
    Duration again = GoDuration.parse(text);
    Property.holds(again.equals(duration), "%s became %s by %s", duration, again, text);
  }
}
