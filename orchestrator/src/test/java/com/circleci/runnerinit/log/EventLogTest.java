package com.circleci.runnerinit.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EventLogTest {
  private static final String TRACE = "0123456789abcdef0123456789a3f9ab";
  private static final int MOST_BYTES = 1024 * 1024;

  private final List<byte[]> lines = new ArrayList<>();

  @Test
  void shouldWriteOneLineWithSortedKeys() {
    log(LogFormat.TEXT)
        .event("starting orchestrator")
        .with("version", "1")
        .with("date", "d")
        .attribute("http.attempt", 2)
        .error("boom")
        .write();

    assertThat(lines).hasSize(1);
    assertThat(lastLine())
        .matches(
            "\\d\\d:\\d\\d:\\d\\d 3f9ab \\d+\\.\\d{3}ms starting orchestrator"
                + " app\\.date=d app\\.version=1 error=boom http\\.attempt=2 result=error\n");
  }

  @Test
  void shouldWriteTheLocalTime() {
    new EventLog(LogFormat.TEXT, TRACE, second -> -second - 1, lines::add).event("e").write();

    assertThat(lastLine()).startsWith("23:59:59 ");
  }

  @Test
  void shouldWriteTheSameEventAsJson() {
    log(LogFormat.JSON)
        .event("e")
        .with("count", 7)
        .with("bytes", 8L)
        .with("seconds", new BigDecimal("1.250"))
        .with("ready", true)
        .with("text", "a\nb")
        .warning("w")
        .success()
        .write();

    JsonObject line = lastJson();
    assertThat(line.get("event").getAsString()).isEqualTo("e");
    assertThat(line.get("app.count").getAsInt()).isEqualTo(7);
    assertThat(line.get("app.bytes").getAsLong()).isEqualTo(8);
    assertThat(lastLine()).contains("\"app.seconds\":1.250,");
    assertThat(line.get("app.ready").getAsBoolean()).isTrue();
    assertThat(line.get("app.text").getAsString()).isEqualTo("a\nb");
    assertThat(line.get("warning").getAsString()).isEqualTo("w");
    assertThat(line.get("result").getAsString()).isEqualTo("success");
    assertThat(line.get("trace_id").getAsString()).isEqualTo(TRACE);
  }

  @Test
  void shouldStayValidJsonForANumberThatJsonDoesNotHave() {
    log(LogFormat.JSON).event("e").with("v", Double.NaN).write();

    assertThat(lastJson().get("app.v").getAsString()).isEqualTo("NaN");
  }

  @Test
  void shouldEscapeWhatCouldForgeALine() {
    log(LogFormat.TEXT).event("e\n").with("v", "a\nb\r\tc\u001b[31m\u2028\u202e\u0085é").write();

    assertThat(lastLine()).endsWith(" e\\n app.v=a\\nb\\r\\tc\\u001b[31m\\u2028\\u202e\\u0085é\n");
  }

  @Test
  void shouldEscapeInJsonWhatATerminalObeys() {
    String hostile = "a\u001b[31m\u007f\u009b2J\u2028\u202e\"\\é";

    log(LogFormat.JSON).event("e").with("v", hostile).write();

    assertThat(lastLine())
        .contains("\"a\\u001b[31m\\u007f\\u009b2J\\u2028\\u202e\\\"\\\\é\"")
        .endsWith("}\n");
    assertThat(lastJson().get("app.v").getAsString()).isEqualTo(hostile);
  }

  @ParameterizedTest
  @EnumSource
  void shouldEscapeEveryCharacterThatIsNotSeen(LogFormat format) {
    int[] unseen =
        IntStream.rangeClosed(0, Character.MAX_CODE_POINT).filter(EventLogTest::isUnseen).toArray();

    for (int c : unseen) {
      log(format).event("e").with("v", Character.toString(c)).write();

      assertThat(lastLine().substring(0, lastLine().length() - 1))
          .as("U+%04X", c)
          .matches("[ -~]*");
    }
    assertThat(unseen.length).isGreaterThan(4000);
  }

  @Test
  void shouldWriteAnInvisibleSupplementaryCharacterAsTwoEscapes() {
    log(LogFormat.JSON).event("e").with("v", "\udb40\udc41").write();

    assertThat(lastLine()).contains("\"\\udb40\\udc41\"");
    assertThat(lastJson().get("app.v").getAsString()).isEqualTo("\udb40\udc41");
  }

  @ParameterizedTest
  @EnumSource
  void shouldLeaveWhatIsSeenAsItIs(LogFormat format) {
    String seen = "é ß עברית عربي हिन्दी 漢字 한글 \ud83d\ude00 \ud835\udd04";

    log(format).event("e").with("v", seen).write();

    assertThat(lastLine()).contains(seen);
  }

  @Test
  void shouldShowBytesThatAreNoUtf8InHexadecimal() {
    log(LogFormat.TEXT).event("e").with("v", "/caf\udce9\udc80").write();
    assertThat(lastLine()).endsWith(" app.v=/caf\\xe9\\x80\n");

    log(LogFormat.JSON).event("e").with("v", "/caf\udce9\udc80").write();
    assertThat(lastJson().get("app.v").getAsString()).isEqualTo("/caf\\xe9\\x80");
  }

  @ParameterizedTest
  @EnumSource
  void shouldEscapeAnyOtherHalfOfASurrogatePair(LogFormat format) {
    log(format).event("e").with("v", "a\ud83d\udc7f").with("w", "b\udd00c\ud83d").write();

    assertThat(lastLine()).contains("a\ud83d\udc7f").contains("b\\udd00c\\ud83d");
  }

  @ParameterizedTest
  @EnumSource
  void shouldCutALongValueAndSayHowMuchIsLeftOut(LogFormat format) {
    String longValue = "begin" + "é".repeat(900_000) + "end";

    log(format).event("e").with("v", longValue).with("w", "whole").write();

    assertThat(lastLine())
        .contains("beginé")
        .containsPattern("é \\.\\.\\. omitting [0-9]+ bytes \\.\\.\\. é")
        .contains("éend")
        .contains("whole");
    assertThat(lines.getLast().length).isLessThanOrEqualTo(MOST_BYTES);
  }

  @ParameterizedTest
  @EnumSource
  void shouldLeaveOutAsManyBytesAsItSays(LogFormat format) {
    log(format).event("e").with("v", "\udcff".repeat(400_000)).write();

    String[] parts = lastLine().split(" \\.\\.\\. omitting | bytes \\.\\.\\. ", -1);
    int shown = (parts[0] + parts[2]).split("xff", -1).length - 1;
    assertThat(shown + Integer.parseInt(parts[1])).isEqualTo(400_000);
  }

  @ParameterizedTest
  @EnumSource
  void shouldNeverWriteALineThatIsTooLong(LogFormat format) {
    SplittableRandom random = new SplittableRandom(22);
    for (int run = 0; run < 60; run++) {
      LogEvent event = log(format).event(anyText(random));
      Map<String, String> values = new HashMap<>();
      for (int i = random.nextInt(40); i > 0; i--) {
        String value = anyText(random);
        values.put("app." + i, value);
        event.with(String.valueOf(i), value);
      }

      event.write();

      assertThat(lines.getLast().length).isLessThanOrEqualTo(MOST_BYTES);
      assertThat(lastLine().indexOf('\n')).isEqualTo(lastLine().length() - 1);
      if (format == LogFormat.JSON) {
        assertThat(lastJson().keySet()).containsAll(values.keySet());
      }
      lines.clear();
    }
  }

  private static String anyText(SplittableRandom random) {
    int[] alphabets = {0x80, 0x800, 0x1_0000, Character.MAX_CODE_POINT + 1};
    int alphabet = alphabets[random.nextInt(alphabets.length)];
    int length = 1 << random.nextInt(16);
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(length); i > 0; i--) {
      text.appendCodePoint(random.nextInt(alphabet));
    }
    return text.toString();
  }

  private static boolean isUnseen(int c) {
    boolean ignorable =
        c == 0x34f
            || (c >= 0x115f && c <= 0x1160)
            || (c >= 0x17b4 && c <= 0x17b5)
            || (c >= 0x180b && c <= 0x180f)
            || c == 0x3164
            || (c >= 0xfe00 && c <= 0xfe0f)
            || c == 0xffa0
            || (c >= 0xe0000 && c <= 0xe0fff);
    return ignorable
        || switch (Character.getType(c)) {
          case Character.CONTROL,
              Character.FORMAT,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR,
              Character.SURROGATE ->
              true;
          default -> false;
        };
  }

  private String lastLine() {
    return new String(lines.getLast(), StandardCharsets.UTF_8);
  }

  private JsonObject lastJson() {
    return JsonParser.parseString(lastLine()).getAsJsonObject();
  }

  private EventLog log(LogFormat format) {
    return new EventLog(format, TRACE, _ -> 0, lines::add);
  }
}
