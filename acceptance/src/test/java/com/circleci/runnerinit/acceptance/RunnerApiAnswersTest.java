package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static com.circleci.runnerinit.testing.Route.UNCLAIM;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Answer;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.Conversation;
import com.circleci.runnerinit.testing.FakeRunnerApi;
import com.circleci.runnerinit.testing.NameServer;
import com.circleci.runnerinit.testing.NameServer.Behaviour;
import com.circleci.runnerinit.testing.Route;
import com.circleci.runnerinit.testing.ScriptedServer;
import java.io.IOException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each answer of the runner API makes of the task. */
@InAContainer
class RunnerApiAnswersTest {

  @ParameterizedTest
  @ValueSource(ints = {200, 201, 202, 204})
  void shouldTakeAnySuccessForSuccess(int status, Scenario given) {
    given.config().set("task_agent_path", "/missing");
    given.api().always(UNCLAIM, Answer.status(status));

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.api().calls()).extracting(Call::path).containsExactly(UNCLAIM.path());
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 201, 202, 204})
  void shouldTakeAnySuccessOfTheFailEventForSuccess(int status, Scenario given) {
    given.agent("exit=1");
    given.api().always(FAIL, Answer.status(status));

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stderr().text()).isEmpty();
    assertThat(given.api().calls()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 404, 409, 410, 422})
  void shouldNotRepeatWhatTheApiHasRefused(int status, Scenario given) {
    given.config().set("task_agent_path", "/missing");
    given.api().always(UNCLAIM, Answer.status(status));

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.api().calls())
        .extracting(Call::path)
        .containsExactly(UNCLAIM.path(), FAIL.path());
  }

  @ParameterizedTest
  @ValueSource(ints = {300, 301, 302, 303, 304, 305, 306, 307, 308})
  void shouldTakeARedirectForAFailureAndNotFollowIt(int status, Scenario given) {
    try (var elsewhere = FakeRunnerApi.start()) {
      given.config().set("task_agent_path", "/missing");
      for (var route : Route.values()) {
        var location = elsewhere.baseUrl() + route.path();
        given.api().always(route, Answer.status(status).withHeader("Location", location));
      }

      assertThat(given.runTask().exitCode()).isOne();
      assertThat(given.api().calls())
          .extracting(Call::path)
          .containsExactly(UNCLAIM.path(), FAIL.path());
      assertThat(elsewhere.connections()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"429, seconds", "429, date", "503, seconds", "503, date"})
  void shouldWaitAsLongAsTheApiAsks(int status, String form, Scenario given) {
    given.agent("exit=1");
    var time = form.equals("date") ? inTwoSeconds() : "1";
    given.api().answer(FAIL, Answer.status(status).withHeader("Retry-After", time));

    assertThat(given.runTask().exitCode()).isZero();
    var calls = given.api().calls(FAIL);
    assertThat(calls).hasSize(2);
    assertThat(Duration.between(calls.getFirst().at(), calls.getLast().at()))
        .isGreaterThan(Duration.ofMillis(500));
  }

  /** Cut to whole seconds: more than one second lies before it. */
  private static String inTwoSeconds() {
    return DateTimeFormatter.RFC_1123_DATE_TIME.format(
        ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(2));
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 503})
  void shouldLeaveTheTimeToTheFailEventWhenTheApiAsksForMoreThanThereIs(
      int status, Scenario given) {
    given.config().set("task_agent_path", "/missing");
    given.api().always(UNCLAIM, Answer.status(status).withHeader("Retry-After", "3600"));

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.api().calls())
        .extracting(Call::path)
        .containsExactly(UNCLAIM.path(), FAIL.path());
  }

  @Test
  void shouldSendTheFailEventAfterAnUnclaimThatNeverWorked(Scenario given) {
    given.config().set("task_agent_path", "/missing");
    given.api().always(UNCLAIM, Answer.status(500));

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls(UNCLAIM)).hasSizeGreaterThan(3);
    assertThat(given.api().calls(FAIL)).hasSize(1);
    assertThat(container.stdout().text()).contains("failed to retry task: ");
  }

  @Test
  void shouldGiveUpWithinTheBudgetWhenTheApiIsDown(Scenario given) {
    given.agent("exit=1");
    given.apiBaseUrl("http://127.0.0.1:1");
    var began = System.nanoTime();

    var container = given.runTask();

    assertThat(container.exitCode()).isOne();
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(19));
    assertThat(container.stderr().text()).contains("exit status 1");
    assertThat(container.stdout().text()).contains("error calling CircleCI runner API: ");
  }

  /** Three attempts of five seconds are all that fifteen have room for. */
  @Test
  void shouldGiveUpWithinTheBudgetWhenTheApiNeverAnswers(Scenario given) {
    given.agent("exit=1");
    given.api().always(FAIL, new Answer.Hang());
    var began = System.nanoTime();

    var container = given.runTask();

    assertThat(container.exitCode()).isOne();
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(19));
    assertThat(given.api().calls()).hasSize(3);
    // The third may be given up by the limit of all reporting, which ends at the same moment.
    assertThat(container.stdout().events("POST /api/v2/task/event/fail"))
        .hasSizeBetween(2, 3)
        .extracting(line -> line.fields().get("error"))
        .containsOnly("timeout awaiting response headers");
  }

  enum Silence {
    NO_NETWORK(
        "127.53.2.1",
        "dial tcp: lookup runner.test on SERVER:53: dial udp SERVER:53: "
            + "connect: network is unreachable"),
    SILENT_NAME_SERVER("127.53.2.2", "dial tcp: lookup runner.test on SERVER:53: i/o timeout"),
    SILENT_PROXY("127.53.2.3", "proxyconnect tcp: timeout awaiting the answer to CONNECT");

    /** Of its name server: the rows run side by side, and a file can't name a port. */
    final String address;

    final String reason;

    Silence(String address, String reason) {
      this.address = address;
      this.reason = reason;
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldGiveUpWithinTheBudgetAndSayWhatWasTriedWhereNothingAnswers(
      Silence silence, Scenario given) throws IOException {
    given.agent("exit=1");
    given.apiBaseUrl("https://runner.test");
    var address = silence.address;
    var reason = silence.reason.replace("SERVER", address);
    given.root().file("/etc/resolv.conf", "nameserver " + address + "\n");
    try (var names = NameServer.start(address, 53).otherwise(Behaviour.SILENT);
        var proxy = ScriptedServer.http(Conversation::waitForClient)) {
      switch (silence) {
        case NO_NETWORK -> given.noNetwork();
        case SILENT_NAME_SERVER -> {}
        case SILENT_PROXY -> given.environment("HTTPS_PROXY", proxy.url());
      }
      var began = System.nanoTime();

      var container = given.runTask();

      assertThat(container.exitCode()).isOne();
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(19));
      assertThat(container.stdout().events("POST /api/v2/task/event/fail"))
          .hasSizeGreaterThan(1)
          .extracting(line -> line.fields().get("error"))
          .containsOnly(reason);
      assertThat(container.stdout().log().getLast().fields().get("error"))
          .endsWith(
              "failed to send fail event for task: error calling CircleCI runner API: " + reason);
      assertThat(names.asked().isEmpty()).isEqualTo(silence != Silence.SILENT_NAME_SERVER);
    }
  }

  static Stream<Answer> failuresThatPass() {
    return Stream.of(
        Answer.status(500),
        Answer.status(502),
        Answer.status(503).withHeader("Retry-After", "1"),
        Answer.status(429).withHeader("Retry-After", "1"),
        Answer.status(599),
        new Answer.Reset(),
        new Answer.Close(),
        new Answer.Raw("SSH-2.0-OpenSSH_9.2\r\n"),
        new Answer.Raw("HTTP/1.1 2"),
        new Answer.Raw("HTTP/1.1 200 OK\r\n" + "X: too much\r\n".repeat(10_000) + "\r\n"),
        new Answer.Hang());
  }

  @ParameterizedTest
  @MethodSource("failuresThatPass")
  void shouldTryTheFailEventAgainAfterAFailureThatPasses(Answer failure, Scenario given) {
    given.agent("exit=1");
    given.api().answer(FAIL, failure);

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stderr().text()).isEmpty();
    assertThat(given.api().calls()).hasSize(2);
    assertThat(given.api().calls()).extracting(Call::body).allSatisfy(isSameAsFirst(given));
  }

  static Stream<Answer> successesThatEndBadly() {
    return Stream.of(
        new Answer.Truncated(200),
        new Answer.Slow(200, 1000, Duration.ofMillis(100)),
        new Answer.Endless(200));
  }

  @ParameterizedTest
  @MethodSource("successesThatEndBadly")
  void shouldGoByTheStatusAndNotWaitForTheBody(Answer answer, Scenario given) {
    given.agent("exit=1");
    given.api().answer(FAIL, answer);

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.api().calls()).hasSize(1);
  }

  @Test
  void shouldGiveTheRetriesOfARequestOneIdempotencyKey(Scenario given) {
    given.config().set("task_agent_path", "/missing");
    given.api().answer(UNCLAIM, Answer.status(500), Answer.status(500), Answer.status(409));

    assertThat(given.runTask().exitCode()).isZero();
    var unclaimKeys =
        given.api().calls(UNCLAIM).stream().map(call -> call.header("idempotency-key")).toList();
    assertThat(unclaimKeys).hasSize(3).doesNotContain(Optional.empty());
    assertThat(unclaimKeys).containsOnly(unclaimKeys.getFirst());
    assertThat(given.api().calls(FAIL).getFirst().header("idempotency-key"))
        .isNotEqualTo(unclaimKeys.getFirst());
  }

  @Test
  void shouldReportATokenThatTheApiDoesNotKnowAsAFailure(Scenario given) {
    given.apiOptions(given.apiOptions().forToken("another"));
    given.agent("exit=1");

    var container = given.runTask();

    assertThat(container.exitCode()).isOne();
    assertThat(container.stdout().text()).contains("was 404 (Not Found) (1 attempts)");
  }

  @Test
  void shouldLogEachCall(Scenario given) {
    given.agent("exit=1");
    given.api().answer(FAIL, Answer.status(500));

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().events("POST /api/v2/task/event/fail"))
        .satisfiesExactly(
            line ->
                assertThat(line.fields())
                    .containsEntry("http.attempt", "1")
                    .containsEntry("http.host", "127.0.0.1:" + given.api().port())
                    .containsEntry("http.method", "POST")
                    .containsEntry("http.route", FAIL.path())
                    .containsEntry("http.scheme", "http")
                    .containsEntry("http.status_code", "500")
                    .containsEntry("result", "error")
                    .hasEntrySatisfying(
                        "error",
                        error ->
                            assertThat(error).endsWith("500 (Internal Server Error) (1 attempts)")),
            line ->
                assertThat(line.fields())
                    .containsEntry("http.attempt", "2")
                    .containsEntry("http.status_code", "200")
                    .containsEntry("result", "success")
                    .doesNotContainKey("error"));
  }

  private static Consumer<String> isSameAsFirst(Scenario given) {
    var first = given.api().calls().getFirst().body();
    return body -> assertThat(body).isEqualTo(first);
  }
}
