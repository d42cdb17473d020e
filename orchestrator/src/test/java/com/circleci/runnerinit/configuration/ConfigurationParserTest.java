package com.circleci.runnerinit.configuration;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.CStrings;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationParserTest {
  private static final String REQUIRED =
      "\"token\":\"s3cr3t\",\"allocation\":\"a\",\"runner_api_base_url\":\"u\","
          + "\"task_agent_path\":\"/agent\"";

  @Test
  void shouldReadEveryField() {
    Configuration parsed =
        ConfigurationParser.parse(
            """
            {"cmd": ["dockerd", "-D"], "user": "build", "task_id": "t",
             "readiness_file_path": "/ready", "enable_unsafe_retries": true, "token": "s3cr3t",
             "task_agent_path": "/agent", "runner_api_base_url": "https://r", "allocation": "a",
             "ssh_advertise_addr": "h:1", "max_run_time": 3600000000000}\
            """);

    assertThat(parsed.problem()).isEmpty();
    assertThat(parsed)
        .isEqualTo(
            new Configuration(
                List.of("dockerd", "-D"),
                "build",
                "t",
                "/ready",
                true,
                new Secret("s3cr3t"),
                "/agent",
                "https://r",
                "a",
                "h:1",
                Duration.ofHours(1),
                Optional.empty()));
  }

  @Test
  void shouldIgnoreUnknownFieldsCaseAndNulls() {
    Configuration parsed =
        ConfigurationParser.parse(
            "{"
                + REQUIRED
                + ",\"extra\":{\"a\":[1]},\"USER\":\"u\",\"cmd\":null,\"task_id\":null}");

    assertThat(parsed.problem()).isEmpty();
    assertThat(parsed.user()).isEqualTo("u");
    assertThat(parsed.command()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"max_run_time\":\"1h\"|max_run_time: expected an integer of nanoseconds, but got a string",
        "\"max_run_time\":1.5|max_run_time: expected an integer of nanoseconds, but got another number",
        "\"user\":1|user: expected a string, but got a number",
        "\"cmd\":\"x\"|cmd: expected a list of strings, but got a string",
        "\"cmd\":[\"x\",2]|cmd[1]: expected a string, but got a number",
        "\"enable_unsafe_retries\":\"yes\"|enable_unsafe_retries: expected true or false, but got a string",
      })
  void shouldNameTheWrongFieldAndKeepTheRest(String field, String problem) {
    Configuration parsed = ConfigurationParser.parse("{" + field + "," + REQUIRED + "}");

    assertThat(parsed.problem()).contains(problem);
    assertThat(parsed.canReport()).isTrue();
  }

  static List<String> goDocuments() throws IOException {
    try (InputStream table =
        requireNonNull(ConfigurationParserTest.class.getResourceAsStream("go-encoding-json.txt"))) {
      return new String(table.readAllBytes(), UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("goDocuments")
  void shouldReadAsGoDoes(String row) {
    int bar = row.indexOf(" | ");
    Configuration parsed = ConfigurationParser.parse(document(row.substring(0, bar)));
    String expected = row.substring(bar + 3);

    String problem = parsed.problem().orElse("");
    if (expected.equals("malformed")) {
      assertThat(problem).startsWith("malformed JSON");
    } else if (expected.endsWith("user=%00")) {
      assertThat(problem).isEqualTo("user: a NUL character can't be passed on");
    } else {
      assertThat(outcome(problem) + values(parsed)).isEqualTo(expected);
    }
  }

  private static String document(String text) {
    if (text.startsWith("NEST ")) {
      int depth = Integer.parseInt(text.substring(5));
      return "{\"x\":" + "[".repeat(depth) + "]".repeat(depth) + ",\"user\":\"a\"}";
    }
    // As the kernel hands it over.
    return CStrings.decode(
        Pattern.compile("%([0-9a-f]{2})")
            .matcher(text)
            .replaceAll(byteOf -> String.valueOf((char) Integer.parseInt(byteOf.group(1), 16)))
            .getBytes(ISO_8859_1));
  }

  private static String outcome(String problem) {
    assertThat(problem).isNotEmpty();
    return problem.contains("required") ? "read" : "wrong type";
  }

  private static String values(Configuration read) {
    return value(" user=", escape(read.user()))
        + value(" task_id=", escape(read.taskId()))
        + value(" token=", escape(read.token().reveal()))
        + value(" cmd=", String.join(",", read.command()))
        + (read.enableUnsafeRetries() ? " unsafe" : "")
        + (read.maxRunTime().isZero() ? "" : " max_run_time=" + read.maxRunTime().toNanos());
  }

  private static String value(String name, String value) {
    return value.isEmpty() ? "" : name + value;
  }

  private static String escape(String text) {
    StringBuilder escaped = new StringBuilder();
    for (byte b : CStrings.encode(text)) {
      if (b < 0x20 || b == 0x7f) {
        escaped.append('%').append(HexFormat.of().toHexDigits(b));
      } else {
        escaped.append((char) b);
      }
    }
    return escaped.toString();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"token\":\"s3cr3t\",",
        "{\"token\":\"s3cr3t\" x",
        "s3cr3t",
        "[\"s3cr3t\"]",
        "{\"token\":\"s3cr3t\"} x",
        "",
        "{'token':'s3cr3t'}"
      })
  void shouldNeverShowTheDocument(String json) {
    Configuration parsed = ConfigurationParser.parse(json);

    assertThat(parsed.problem()).isPresent();
    assertThat(parsed.toString()).doesNotContain("s3cr3t");
  }

  @ParameterizedTest
  @ValueSource(strings = {"token", "allocation", "runner_api_base_url", "task_agent_path"})
  void shouldRequireWhatNothingCanRunWithout(String field) {
    String json = "{" + REQUIRED.replace("\"" + field + "\"", "\"other\"") + "}";

    assertThat(ConfigurationParser.parse(json).problem())
        .contains(field + ": required, but missing or empty");
  }

  @Test
  void shouldNameOnlySoManyProblems() {
    Configuration parsed =
        ConfigurationParser.parse("{\"cmd\":[" + "0,".repeat(99_999) + "0]," + REQUIRED + "}");

    assertThat(parsed.problem().orElseThrow())
        .startsWith("cmd[0]: expected a string, but got a number; cmd[1]: ")
        .endsWith("; and 99989 more")
        .hasSizeLessThan(1000);
  }
}
