package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Call;
import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CIRCLECI_GOAT_CONFIG, well formed and not. That the token shows nowhere is seen to for all. */
@InAContainer
class ConfigurationTest {

  @Test
  void shouldSayThatThereIsNoConfiguration(Scenario given) {
    var container = given.run("run-task");

    assertThat(container.exitCode()).isEqualTo(80);
    assertThat(container.stderr().lines())
        .singleElement()
        .satisfies(line -> assertThat(line).contains("CIRCLECI_GOAT_CONFIG"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "TOKEN",
        "{\"token\": \"TOKEN\"",
        "{\"token\": \"TOKEN",
        "{\"token\": \"TOKEN\"}}",
        "{\"token\": \"TOKEN\"} trailing",
        "{\"token\": TOKEN}",
        "{token: \"TOKEN\"}",
        "{'token': 'TOKEN'}",
        "{\"token\": \"TOKEN\",}",
        "[\"TOKEN\"]",
        "\"TOKEN\"",
        "null",
        "42",
        "{\"token\": \"\\uZZZZTOKEN\"}"
      })
  void shouldSayThatTheConfigurationIsNoJsonObjectWithoutShowingIt(
      String document, Scenario given) {
    given.environment("CIRCLECI_GOAT_CONFIG", document.replace("TOKEN", given.token()));

    assertSaysOnOneLine(given.run("run-task"), "CIRCLECI_GOAT_CONFIG");
  }

  @ParameterizedTest
  @CsvSource({
    "cmd, '\"a string\"'",
    "cmd, '[1]'",
    "cmd, '{\"a\": 1}'",
    "user, 7",
    "user, '[\"root\"]'",
    "readiness_file_path, true",
    "enable_unsafe_retries, '\"yes\"'",
    "enable_unsafe_retries, 1",
    "task_agent_path, '[\"/bin/agent\"]'",
    "ssh_advertise_addr, 22",
    "max_run_time, 1.5",
    "max_run_time, '\"1h\"'",
    "max_run_time, true",
    "max_run_time, 92233720368547758080"
  })
  void shouldReportAFieldOfTheWrongType(String field, String value, Scenario given) {
    given.config().set(field, JsonParser.parseString(value));

    assertIsReported(given.runTask(), field, given);
  }

  @Test
  void shouldReportThatTheTaskAgentIsMissing(Scenario given) {
    given.config().without("task_agent_path");

    assertIsReported(given.runTask(), "task_agent_path", given);
  }

  @Test
  void shouldFailATaskThatHasNoIdToHandItBackBy(Scenario given) {
    given.config().without("task_id").set("task_agent_path", "/missing");

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.api().calls()).extracting(Call::path).containsExactly(FAIL.path());
  }

  @ParameterizedTest
  @ValueSource(strings = {"token", "runner_api_base_url", "allocation"})
  void shouldSayThatAFieldIsMissingWithoutWhichNobodyCanBeTold(String field, Scenario given) {
    var document = JsonParser.parseString(given.configuration()).getAsJsonObject();
    document.remove(field);
    given.environment("CIRCLECI_GOAT_CONFIG", document.toString());

    assertSaysOnOneLine(given.run("run-task"), field);
  }

  @ParameterizedTest
  @ValueSource(strings = {"token", "runner_api_base_url"})
  void shouldSayThatAFieldHasTheWrongTypeWithoutWhichNobodyCanBeTold(String field, Scenario given) {
    var document = JsonParser.parseString(given.configuration()).getAsJsonObject();
    var wrong = new JsonArray();
    wrong.add(document.get(field));
    document.add(field, wrong);
    given.environment("CIRCLECI_GOAT_CONFIG", document.toString());

    assertSaysOnOneLine(given.run("run-task"), field);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "not a url",
        "ftp://host",
        "http://",
        "//host",
        "http://[::1",
        "http://host:99999"
      })
  void shouldSayThatTheAddressOfTheApiIsNoAddress(String url, Scenario given) {
    given.apiBaseUrl(url);
    given.agent("exit=1");

    var container = given.runTask();

    assertThat(container.exitCode()).isOne();
    assertThat(container.stderr().text())
        .contains("exit status 1")
        .contains("error calling CircleCI runner API: ")
        .doesNotContain("Exception");
  }

  @Test
  void shouldIgnoreFieldsThatItDoesNotKnow(Scenario given) {
    var nested = new JsonObject();
    nested.add("list", new JsonArray());
    given.config().set("from_the_future", nested).set("another", new JsonPrimitive(1));

    assertRunsTheTask(given);
  }

  @Test
  void shouldMatchNamesWithoutRegardToCase(Scenario given) {
    given.config().without("task_id").set("Task_ID", "task-1");
    given.config().without("token").set("TOKEN", given.token());

    assertRunsTheTask(given);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cmd",
        "user",
        "readiness_file_path",
        "enable_unsafe_retries",
        "ssh_advertise_addr",
        "max_run_time"
      })
  void shouldTakeNullForNothing(String field, Scenario given) {
    given.config().set(field, JsonNull.INSTANCE);

    assertRunsTheTask(given);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cmd",
        "user",
        "readiness_file_path",
        "enable_unsafe_retries",
        "ssh_advertise_addr"
      })
  void shouldNotNeedFieldsThatHaveAMeaningWhenAbsent(String field, Scenario given) {
    given.config().without(field);

    assertRunsTheTask(given);
  }

  @Test
  void shouldReadStringsWithEveryKindOfCharacter(Scenario given) {
    given.config().set("ssh_advertise_addr", "é\u2028\"\\\n\t\uD83D\uDC10");
    given.agent("report=/out/report");

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.root().report("/out/report").arguments())
        .last()
        .isEqualTo("--sshAdvertiseAddr=é\u2028\"\\\n\t\uD83D\uDC10");
  }

  @Test
  void shouldTakeTheConfigurationFromTheFlagToo(Scenario given) {
    given.agent("print=ran", "touch=/out/started", "wait-file=/out/end");

    var container = given.secretMayShow().run("run-task", "--config", given.configuration());
    given.root().awaitFile("/out/started");

    assertThat(container.orchestrator().commandLine()).contains(given.token());
    given.root().file("/out/end", "");
    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines()).contains("ran");
    assertThat(container.stdout().text()).doesNotContain(given.token());
  }

  @Test
  void shouldTakeAWholeNumberWrittenWithADecimalPointForAFraction(Scenario given) {
    given.config().set("max_run_time", new JsonPrimitive(new BigDecimal("60000000000.5")));

    assertIsReported(given.runTask(), "max_run_time", given);
  }

  private static void assertRunsTheTask(Scenario given) {
    given.agent("print=ran");
    var container = given.runTask();
    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines()).contains("ran");
    assertThat(given.api().calls()).isEmpty();
  }

  /** By unclaim or by the fail event: the task has not run. */
  private static void assertIsReported(Container container, String field, Scenario given) {
    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls()).isNotEmpty();
    assertThat(container.stdout().text()).contains(field);
  }

  private static void assertSaysOnOneLine(Container container, String word) {
    assertThat(container.exitCode()).isOne();
    assertThat(container.stderr().lines())
        .singleElement()
        .satisfies(line -> assertThat(line).contains(word));
  }
}
