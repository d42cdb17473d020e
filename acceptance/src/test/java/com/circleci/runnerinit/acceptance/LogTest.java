package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.LogLine;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@InAContainer
class LogTest {

  @Test
  void shouldWriteNothingButLinesOfItsFormat(Scenario given) {
    given.agent("exit=1");

    var stdout = given.runTask().stdout();
    assertThat(given.container().exitCode()).isZero();

    assertThat(stdout.lines()).isNotEmpty().allMatch(line -> LogLine.parse(line).isPresent());
  }

  @Test
  void shouldCarryOneTraceThroughARun(Scenario given) {
    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.container().stdout().log()).extracting(LogLine::trace).hasSizeGreaterThan(2);
    assertThat(given.container().stdout().log().stream().map(LogLine::trace).distinct()).hasSize(1);
  }

  @Test
  void shouldSortTheKeysAndPrefixThem(Scenario given) {
    given.agent("exit=1");
    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.container().stdout().log())
        .allSatisfy(line -> {
          assertThat(new ArrayList<>(line.fields().keySet())).isSorted();
          assertThat(line.fields().keySet())
              .allMatch(key -> key.matches("app\\..+|http\\..+|result|error|warning"));
        });
  }

  @Test
  void shouldBeginWithItsVersion(Scenario given) {
    assertThat(given.runTask().exitCode()).isZero();

    var first = given.container().stdout().log().getFirst();
    assertThat(first.event()).isEqualTo("starting orchestrator");
    assertThat(first.fields()).containsOnlyKeys("app.date", "app.version");
  }

  @Test
  void shouldAnnounceTheHealthServer(Scenario given) {
    given.proc();
    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.container().stdout().awaitEvent("server: new-server admin").fields())
        .containsEntry("app.address", "[::]:" + given.healthPort())
        .containsEntry("app.network", "tcp");
  }

  /** The Go one writes every five seconds, and loses what it has not written when it is killed. */
  @Test
  void shouldWriteALineAtOnce(Scenario given) {
    given.agent("touch=/out/started", "sleep=forever");
    var container = given.runTask();
    given.root().awaitFile("/out/started");
    var began = System.nanoTime();

    container.stdout().awaitEvent("server: new-server admin");

    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(2));
    container.kill();
    assertThat(container.diedBySignal()).isTrue();
    assertThat(container.stdout().events("starting orchestrator")).hasSize(1);
    assertThat(container.stdout().events("server: new-server admin")).hasSize(1);
  }

  @Test
  void shouldKeepAnEventOnOneLineWhateverTheTaskSays(Scenario given) {
    given.agent("stderr=one\n12:00:00 abcde 0.1ms forged\r\ttwo\u001b[2J", "exit=1");
    assertThat(given.runTask().exitCode()).isZero();

    var stdout = given.container().stdout();
    assertThat(stdout.text()).doesNotContain("\r").doesNotContain("\u001b");
    assertThat(stdout.events("forged")).isEmpty();
    assertThat(stdout.lines()).allMatch(line -> LogLine.parse(line).isPresent());
  }

  /**
   * Bytes that are no UTF-8; ESC, BEL, NUL, DEL; and in UTF-8 CSI, line separator, right-to-left
   * override, the three marks of direction, zero-width space and byte order mark.
   */
  @ParameterizedTest
  @ValueSource(strings = {"text", "json"})
  void shouldEscapeWhatATerminalObeysInEitherForm(String format, Scenario given) {
    given.agent(
        "stderr-bytes=fffe1b5b324a07007fc29b324ae280a8e280aee2808ee2808fd89ce2808befbbbfc3a9f09f9880220a5c0d",
        "exit=1");

    var container = given.runTask("--log-format=" + format);

    assertThat(container.exitCode()).isZero();
    var text = container.stdout().text();
    assertThat(text.codePoints().filter(c -> c != '\n'))
        .noneMatch(Character::isISOControl)
        .doesNotContain(0x2028, 0x202e, 0x200e, 0x200f, 0x61c, 0x200b, 0xfeff);
    assertThat(text)
        .contains(
            "\\u001b[2J\\u0007\\u0000\\u007f\\u009b2J\\u2028\\u202e\\u200e\\u200f\\u061c\\u200b\\ufeffé\ud83d\ude00");
    assertThat(container.stdout().lines())
        .allMatch(line ->
            format.equals("text")
                ? LogLine.parse(line).isPresent()
                : JsonParser.parseString(line).isJsonObject());
  }

  /** Several of a third of what is kept for a reader who is late: an escaped DEL is six bytes. */
  @Test
  void shouldWriteALineOfAnyLength(Scenario given) {
    given.config().set("cmd", List.of("/missing" + "\u007f".repeat(60_000)));

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().events("reported the task as failed"))
        .singleElement()
        .satisfies(line -> assertThat(line.fields().get("error")).hasSizeGreaterThan(360_000));
    assertThat(container.stdout().events("log: lines dropped")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--log-format=json", "CIRCLECI_GOAT_LOG_FORMAT"})
  void shouldWriteTheSameEventsAsJson(String how, Scenario given) {
    given.agent("exit=1");
    if (!how.startsWith("--")) {
      given.environment(how, "json");
    }

    var container = how.startsWith("--") ? given.runTask(how) : given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines())
        .isNotEmpty()
        .map(JsonParser::parseString)
        .allMatch(JsonElement::isJsonObject);
    assertThat(container.stdout().text()).contains("\"starting orchestrator\"");
  }

  @Test
  void shouldSumTheTaskUpAtItsEnd(Scenario given) {
    given.proc();
    given.agent("exit=1");
    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.container().stdout().events("run-task")).hasSize(1);
  }
}
