package com.circleci.runnerinit.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeZoneTest {
  private static final ZoneRules NEW_YORK = ZoneId.of("America/New_York").getRules();
  private static final long NOW = Instant.parse("2026-11-29T12:00:00Z").getEpochSecond();
  private static final long SUMMER = Instant.parse("2026-07-01T12:00:00Z").getEpochSecond();
  private static final long MOST = 26 * 3600;

  private final Map<String, byte[]> files = new HashMap<>();
  private final List<String> read = new ArrayList<>();

  // ---- the offset, by a file

  @Test
  void shouldHaveTheOffsetsOfEveryZoneByASlimFile() {
    assertSameAsTheJdk(2040, ZoneFiles::slim);
  }

  @Test
  void shouldHaveTheOffsetsOfEveryZoneByAFatFile() {
    assertSameAsTheJdk(2040, ZoneFiles::fat);
  }

  @Test
  void shouldHaveTheOffsetsOfEveryZoneByAFileOf32BitTimes() {
    assertSameAsTheJdk(2037, ZoneFiles::old);
  }

  @Test
  void shouldKeepTheLastOffsetWhenTheFooterIsBlank() {
    byte[] blank = ZoneFiles.ofRule("");
    int endOfBlock = 4 + 2 * 12 + 2;

    byte[] file = changed(blank, blank.length - 2 - endOfBlock - 6, 3600);

    assertThat(byFile(file).applyAsLong(NOW)).isEqualTo(3600);
  }

  private static void assertSameAsTheJdk(int end, Function<ZoneRules, byte[]> writer) {
    List<String> zones = ZoneId.getAvailableZoneIds().stream().sorted().toList();
    assertThat(zones).hasSizeGreaterThan(500);
    for (String zone : zones) {
      ZoneRules rules = ZoneId.of(zone).getRules();
      LongUnaryOperator found = byFile(writer.apply(rules));
      for (long second : momentsUntil(end, rules)) {
        int expected = rules.getOffset(Instant.ofEpochSecond(second)).getTotalSeconds();
        if (found.applyAsLong(second) != expected) {
          assertThat(found.applyAsLong(second))
              .as("%s at %s", zone, Instant.ofEpochSecond(second))
              .isEqualTo(expected);
        }
      }
    }
  }

  /** Around every transition, and once a month. */
  private static List<Long> momentsUntil(int year, ZoneRules rules) {
    Instant end = LocalDate.of(year, 12, 31).atStartOfDay(ZoneOffset.UTC).toInstant();
    List<Long> moments = new ArrayList<>();
    ZoneOffsetTransition next = rules.nextTransition(Instant.EPOCH);
    while (next != null && next.getInstant().isBefore(end)) {
      moments.addAll(
          List.of(next.toEpochSecond() - 1, next.toEpochSecond(), next.toEpochSecond() + 1));
      next = rules.nextTransition(next.getInstant());
    }
    for (LocalDate day = LocalDate.EPOCH; day.getYear() <= year; day = day.plusMonths(1)) {
      moments.add(day.toEpochDay() * 86_400);
    }
    return moments;
  }

  // ---- broken files

  @Test
  void shouldTakeAFileThatIsCutShortForUtc() {
    for (byte[] whole : List.of(ZoneFiles.slim(NEW_YORK), ZoneFiles.old(NEW_YORK))) {
      for (int length = 0; length < whole.length; length++) {
        byte[] part = new byte[length];
        System.arraycopy(whole, 0, part, 0, length);

        assertThat(byFile(part).applyAsLong(NOW)).as("%d bytes", length).isZero();
      }
      assertThat(byFile(whole).applyAsLong(NOW)).isEqualTo(-5 * 3600);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0x01, 0x10, 0x80, 0xff})
  void shouldSurviveAnyByteThatIsChanged(int change) {
    for (byte[] whole : List.of(ZoneFiles.slim(NEW_YORK), ZoneFiles.old(NEW_YORK))) {
      for (int i = 0; i < whole.length; i++) {
        whole[i] ^= (byte) change;
        for (long second : new long[] {Long.MIN_VALUE, -NOW, 0, NOW, SUMMER, Long.MAX_VALUE}) {
          assertThat(byFile(whole).applyAsLong(second)).as("byte %d", i).isBetween(-MOST, MOST);
        }
        whole[i] ^= (byte) change;
      }
    }
  }

  @Test
  void shouldTakeAFileOfHugeCountsForUtc() {
    ByteBuffer file = ByteBuffer.allocate(144).put(new byte[] {'T', 'Z', 'i', 'f', '2'});
    for (int count = 0; count < 6; count++) {
      file.putInt(20 + Integer.BYTES * count, Integer.MAX_VALUE);
    }
    assertThat(byFile(file.array()).applyAsLong(NOW)).isZero();
    for (int count = 0; count < 6; count++) {
      file.putInt(20 + Integer.BYTES * count, -1);
    }
    assertThat(byFile(file.array()).applyAsLong(NOW)).isZero();
  }

  @Test
  void shouldTakeAFileForUtcThatIsNotInOrder() {
    assertThat(byFile(changed(ZoneFiles.old(NEW_YORK), 44 + 4, Integer.MIN_VALUE)).applyAsLong(NOW))
        .isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -25 * 3600, 26 * 3600, Integer.MAX_VALUE})
  void shouldTakeAFileForUtcWhoseOffsetIsNone(int offset) {
    byte[] file = ZoneFiles.old(ZoneId.of("Asia/Tokyo").getRules());
    int transitions = ByteBuffer.wrap(file).getInt(32);

    assertThat(byFile(file).applyAsLong(NOW)).isEqualTo(9 * 3600);
    assertThat(byFile(changed(file, 44 + 5 * transitions, offset)).applyAsLong(NOW)).isZero();
  }

  @Test
  void shouldTakeAFileForUtcThatIsTooLarge() {
    byte[] slim = ZoneFiles.slim(NEW_YORK);
    byte[] large = new byte[TimeZone.MAX_FILE_BYTES];
    System.arraycopy(slim, 0, large, 0, slim.length);

    assertThat(byFile(large).applyAsLong(NOW)).isZero();
  }

  private static byte[] changed(byte[] file, int at, int value) {
    byte[] copy = file.clone();
    ByteBuffer.wrap(copy).putInt(at, value);
    return copy;
  }

  // ---- which file

  @Test
  void shouldReadEtcLocaltimeWhenTzIsUnset() {
    files.put("/etc/localtime", ZoneFiles.slim(NEW_YORK));

    assertThat(offset(Optional.empty())).isEqualTo(-5);
    assertThat(read).containsExactly("/etc/localtime");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ":", "UTC", ":UTC"})
  void shouldReadNothingForUtc(String tz) {
    files.put("/etc/localtime", ZoneFiles.slim(NEW_YORK));

    assertThat(offset(Optional.of(tz))).isZero();
    assertThat(read).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/opt/zone", ":/opt/zone"})
  void shouldReadTheFileOfAnAbsolutePath(String tz) {
    files.put("/opt/zone", ZoneFiles.slim(NEW_YORK));

    assertThat(offset(Optional.of(tz))).isEqualTo(-5);
    assertThat(read).containsExactly("/opt/zone");
  }

  @ParameterizedTest
  @ValueSource(strings = {"America/New_York", ":America/New_York"})
  void shouldLookForANameInEveryFolderUntilAFileIsSound(String tz) {
    files.put("/usr/share/zoneinfo/America/New_York", new byte[100]);
    files.put("/usr/lib/locale/TZ/America/New_York", ZoneFiles.slim(NEW_YORK));

    assertThat(offset(Optional.of(tz))).isEqualTo(-5);
    assertThat(read)
        .containsExactly(
            "/usr/share/zoneinfo/America/New_York",
            "/usr/share/lib/zoneinfo/America/New_York",
            "/usr/lib/locale/TZ/America/New_York");
  }

  @Test
  void shouldBeUtcWhenThereIsNoSuchZone() {
    files.put("/etc/localtime", ZoneFiles.slim(NEW_YORK));

    assertThat(offset(Optional.of("Mars/Olympus"))).isZero();
    assertThat(read).hasSize(4).last().isEqualTo("/etc/zoneinfo/Mars/Olympus");
  }

  @Test
  void shouldNotLeaveTheFoldersOfTimeZones() {
    files.put("/usr/share/zoneinfo/../../../opt/zone", ZoneFiles.slim(NEW_YORK));

    assertThat(offset(Optional.of("../../../opt/zone"))).isZero();
    assertThat(read).isEmpty();
  }

  @Test
  void shouldTakeAFileBeforeARuleOfTheSameName() {
    files.put("/usr/share/zoneinfo/EST5", ZoneFiles.ofRule("JST-9"));

    assertThat(offset(Optional.of("EST5"))).isEqualTo(9);
  }

  @Test
  void shouldTakeARuleInTz() {
    assertThat(offset(Optional.of("JST-9"))).isEqualTo(9);
    assertThat(offset(Optional.of(":JST-9"))).isZero();
  }

  private long offset(Optional<String> tz) {
    return TimeZone.utcOffset(
                tz,
                path -> {
                  read.add(path);
                  return Optional.ofNullable(files.get(path));
                })
            .applyAsLong(NOW)
        / 3600;
  }

  // ---- POSIX rules

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          JST-9                               | 2026-01-01T00:00:00Z |  32400
          <+0330>-3:30                        | 2026-01-01T00:00:00Z |  12600
          <-0025>+00:25:21                    | 2026-01-01T00:00:00Z |  -1521
          CET-1CEST,M3.5.0,M10.5.0/3          | 2026-03-29T00:59:59Z |   3600
          CET-1CEST,M3.5.0,M10.5.0/3          | 2026-03-29T01:00:00Z |   7200
          CET-1CEST,M3.5.0,M10.5.0/3          | 2026-10-25T00:59:59Z |   7200
          CET-1CEST,M3.5.0,M10.5.0/3          | 2026-10-25T01:00:00Z |   3600
          EST5EDT                             | 2026-03-08T06:59:59Z | -18000
          EST5EDT                             | 2026-03-08T07:00:00Z | -14400
          EST5EDT4                            | 2026-11-01T05:59:59Z | -14400
          EST5EDT4                            | 2026-11-01T06:00:00Z | -18000
          AEST-10AEDT,M10.1.0,M4.1.0/3        | 2026-12-31T23:00:00Z |  39600
          AEST-10AEDT,M10.1.0,M4.1.0/3        | 2026-01-01T00:00:00Z |  39600
          AEST-10AEDT,M10.1.0,M4.1.0/3        | 2026-06-01T00:00:00Z |  36000
          IST-1GMT0,M10.5.0,M3.5.0/1          | 2026-01-01T00:00:00Z |      0
          IST-1GMT0,M10.5.0,M3.5.0/1          | 2026-07-01T00:00:00Z |   3600
          <-02>2<-01>,M3.5.0/-1,M10.5.0/0     | 2026-03-29T00:59:59Z |  -7200
          <-02>2<-01>,M3.5.0/-1,M10.5.0/0     | 2026-03-29T01:00:00Z |  -3600
          EST5EDT,0/0,J365/25                 | 2026-01-01T04:59:59Z | -14400
          EST5EDT,0/0,J365/25                 | 2026-01-01T05:00:00Z | -14400
          XXX3EDT4,0/0,J365/23                | 2026-01-01T03:00:00Z | -14400
          XXX3EDT4,0/0,J365/23                | 2028-12-31T23:59:59Z | -14400
          AAA0BBB,J60/0,J61/0                 | 2028-02-29T12:00:00Z |      0
          AAA0BBB,J60/0,J61/0                 | 2028-03-01T12:00:00Z |   3600
          AAA0BBB,59/0,60/0                   | 2028-02-29T12:00:00Z |   3600
          AAA0BBB,59/0,60/0                   | 2027-03-01T12:00:00Z |   3600
          AAA0BBB,J364/167,J365/167           | 2027-01-06T00:00:00Z |   3600
          AAA0BBB,J364/167,J365/167           | 2027-01-01T00:00:00Z |      0
          AAA0BBB,J8/-167,J9/-167             | 2026-01-01T12:00:00Z |   3600
          AAA0BBB,J1/-167,J2/-167             | 2025-12-25T12:00:00Z |   3600
          AAA0BBB,J100,J100/3                 | 2026-04-10T02:00:00Z |      0
          """)
  void shouldKeepARule(String rule, Instant at, long seconds) {
    assertThat(byRule(rule).applyAsLong(at.getEpochSecond())).isEqualTo(seconds);
    assertThat(byFile(ZoneFiles.ofRule(rule)).applyAsLong(at.getEpochSecond())).isEqualTo(seconds);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CET",
        "C-1",
        "CET-",
        "CET-25",
        "CET-1:60",
        "CET-1:00:60",
        "CET-1:",
        "CET-1 ",
        "CE1T-1",
        "<CET-1",
        "<C>-1",
        "<C T>-1",
        "CET-1CEST,",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M0.5.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.5,M10.5.0",
        "CET-1CEST,M3,M10.5.0",
        "CET-1CEST,J0,J1",
        "CET-1CEST,J366,J1",
        "CET-1CEST,366,1",
        "CET-1CEST,J1/168,J2",
        "CET-1CEST,J1,J2/",
        "CET-1CEST,J1,J2,",
        "CET-1CEST;J1,J2",
        "CET-99999999999999999999",
        "CET-1CE",
        "ČET-1",
        "CET-١"
      })
  void shouldTakeWhatIsNoRuleForUtc(String rule) {
    assertThat(byRule(rule).applyAsLong(SUMMER)).isZero();
    assertThat(byFile(ZoneFiles.ofRule(rule)).applyAsLong(SUMMER)).isZero();
  }

  private static LongUnaryOperator byRule(String rule) {
    return TimeZone.utcOffset(Optional.of(rule), _ -> Optional.empty());
  }

  private static LongUnaryOperator byFile(byte[] file) {
    return TimeZone.utcOffset(Optional.empty(), _ -> Optional.of(file));
  }
}
