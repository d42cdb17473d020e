package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.fuzzing.Property;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/** Fuzz target: a {@code Retry-After} header; and HTTP's dates, against those of the JDK. */
public final class RetryAfterFuzz {
  private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private RetryAfterFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    Optional<Duration> pause =
        RunnerApi.retryAfter(new String(input, StandardCharsets.ISO_8859_1), NOW);
    Property.holds(pause.filter(Duration::isNegative).isEmpty(), "negative: %s", pause);
    if (input.length >= Integer.BYTES) {
      Instant instant =
          Instant.ofEpochSecond(Integer.toUnsignedLong(ByteBuffer.wrap(input).getInt()));
      Optional<Duration> read = RunnerApi.retryAfter(FORMAT.format(instant), Instant.EPOCH);
      Property.holds(
          read.equals(Optional.of(Duration.between(Instant.EPOCH, instant))),
          "%s became %s",
          instant,
          read);
    }
  }
}
