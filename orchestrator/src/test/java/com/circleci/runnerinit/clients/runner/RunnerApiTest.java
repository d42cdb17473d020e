package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.configuration.Secret;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.Conversation;
import com.circleci.runnerinit.testing.ScriptedServer;
import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RunnerApiTest extends ClientTest {
  private static final Duration BUDGET = Duration.ofSeconds(20);
  private static final Instant NOW = Instant.parse("2026-11-24T12:00:00.123Z");
  private final List<Duration> pauses = new ArrayList<>();
  private RunnerApi.Timing.Pause pausing = Thread::sleep;
  private double chance = 0.5;
  private static final String USER_AGENT = "CircleCI-GOAT/1.0.0 (linux; amd64; 0123abcd)";

  @Test
  void unclaimNamesTheTaskAndItsToken() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""))) {
      api(server.url()).unclaim("task-1", BUDGET);

      Call request = server.onlyRequest();
      assertThat(request.line()).isEqualTo("POST /api/v3/runner/unclaim HTTP/1.1");
      assertThat(request.body()).isEqualTo("{\"task_id\":\"task-1\",\"task_token\":\"MARKER\"}\n");
    }
  }

  @Test
  void failCarriesTheMessageAndTheTime() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""))) {
      api(server.url()).fail("allocation-1", "exit status 1: <b>\"it's\" & ü</b>", BUDGET);

      Call request = server.onlyRequest();
      assertThat(request.line()).isEqualTo("POST /api/v2/task/event/fail HTTP/1.1");
      assertThat(request.body()).endsWith("}\n");
      JsonReader body = new JsonReader(new StringReader(request.body()));
      body.beginObject();
      assertThat(body.nextName()).isEqualTo("allocation");
      assertThat(body.nextString()).isEqualTo("allocation-1");
      assertThat(body.nextName()).isEqualTo("timestamp");
      assertThat(body.nextLong()).isEqualTo(1795521600123L);
      assertThat(body.nextName()).isEqualTo("message");
      byte[] message = Base64.getDecoder().decode(body.nextString());
      body.endObject();
      assertThat(new String(message, StandardCharsets.UTF_8)).isEqualTo("exit status 1: bits  ü/b");
    }
  }

  @Test
  void sendsTheHeadersOfTheContract() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""))) {
      api(server.url()).unclaim("task-1", BUDGET);

      Call request = server.onlyRequest();
      assertThat(request.only("Authorization")).isEqualTo("Bearer MARKER");
      assertThat(request.only("Accept")).isEqualTo("application/json; charset=utf-8");
      assertThat(request.only("Content-Type")).isEqualTo("application/json; charset=utf-8");
      assertThat(request.only("User-Agent")).isEqualTo(USER_AGENT);
      assertThat(request.only("Host")).isEqualTo("127.0.0.1:" + server.port());
      assertThat(request.only("Connection")).isEqualTo("close");
      assertThat(request.only("Idempotency-Key")).matches("[0-9a-f-]{36}");
      assertThat(request.values("Transfer-Encoding")).isEmpty();
    }
  }

  @Test
  void sendsHeadAndBodyInOneWrite() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""))) {
      api(server.url()).unclaim("task-1", BUDGET);

      assertThat(server.onlyRequest().firstRead()).isEqualTo(server.onlyRequest().size());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/base", "/base/", "/base//"})
  void appendsTheRouteToTheBasePath(String base) throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""))) {
      api(server.url() + base).unclaim("task-1", BUDGET);

      assertThat(server.onlyRequest().line()).startsWith("POST /base/api/v3/runner/unclaim ");
    }
  }

  @Test
  void keepsTheKeyForARetryAndTakesANewOneForACall() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> c.answer(c.number() < 3 ? 500 : 200, ""))) {
      RunnerApi api = api(server.url());
      api.unclaim("task-1", BUDGET);
      api.unclaim("task-1", BUDGET);

      assertThat(server.requests()).hasSize(4);
      assertThat(server.requests().stream().map(r -> r.only("Idempotency-Key")).distinct())
          .hasSize(2);
      assertThat(server.requests().subList(0, 3).stream().map(Call::body).distinct()).hasSize(1);
      assertThat(
              server.requests().subList(0, 3).stream()
                  .map(r -> r.only("Idempotency-Key"))
                  .distinct())
          .hasSize(1);
    }
  }

  @Test
  void takesNoContentForASuccess() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(204, ""))) {
      assertThat(api(server.url()).unclaim("task-1", BUDGET))
          .isEqualTo(new Reporter.Outcome.Told());
    }
  }

  @Test
  void saysWhatTheServerAnswered() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(404, ""))) {
      assertThat(reason(api(server.url()).fail("allocation-1", "x", BUDGET)))
          .isEqualTo(
              "error calling CircleCI runner API: the response from POST"
                  + " /api/v2/task/event/fail was 404 (Not Found) (1 attempts)");
    }
  }

  @Test
  void saysHowOftenItTried() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> c.answer(c.number() < 3 ? 503 : 400, ""))) {
      assertThat(reason(api(server.url()).unclaim("task-1", BUDGET)))
          .isEqualTo(
              "error calling CircleCI runner API: the response from POST"
                  + " /api/v3/runner/unclaim was 400 (Bad Request) (3 attempts)");
    }
  }

  @Test
  void knowsWhenATaskHasNoRetriesLeft() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(409, ""))) {
      assertThat(reason(api(server.url()).unclaim("task-1", BUDGET)))
          .isEqualTo("exhausted all task retries");
      assertThat(reason(api(server.url()).fail("allocation-1", "x", BUDGET)))
          .endsWith("was 409 (Conflict) (1 attempts)");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void followsNoRedirect(int status) throws Exception {
    try (ScriptedServer elsewhere = ScriptedServer.http(c -> c.answer(200, ""));
        ScriptedServer server =
            ScriptedServer.http(c -> c.answer(status, "Location: " + elsewhere.url() + "/x\r\n"))) {
      assertThat(reason(api(server.url()).unclaim("task-1", BUDGET)))
          .contains("was " + status + " (")
          .endsWith("(1 attempts)");
      assertThat(elsewhere.connections()).isZero();
      assertThat(server.connections()).isEqualTo(1);
    }
  }

  @Test
  void writesOneLineAnAttempt() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> c.answer(c.number() == 1 ? 500 : 200, ""))) {
      api(server.url()).unclaim("task-1", BUDGET);

      assertThat(captured.lines()).hasSize(2);
      assertThat(captured.lines().getFirst())
          .contains(
              "POST /api/v3/runner/unclaim ",
              " http.attempt=1 ",
              " http.host=127.0.0.1:" + server.port() + " ",
              " http.method=POST ",
              " http.route=/api/v3/runner/unclaim ",
              " http.scheme=http ",
              " http.status_code=500 ",
              " result=error",
              "500 (Internal Server Error) (1 attempts)");
      assertThat(captured.lines().getLast())
          .contains(" http.attempt=2 ", " http.status_code=200 ", " result=success")
          .doesNotContain("error=");
    }
  }

  @Test
  void writesTheReasonOfABrokenAttempt() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.receive();
          if (c.number() > 1) {
            c.send("HTTP/1.1 200 OK\r\n\r\n");
          }
        })) {
      api(server.url()).unclaim("task-1", BUDGET);

      assertThat(captured.lines().getFirst()).contains("error=EOF").doesNotContain("status_code");
    }
  }

  @Test
  void touchesNothingUntilTheFirstCall() {
    RunnerApi api =
        new RunnerApi(
            LINUX,
            "no URL at all",
            new Secret("a\nb"),
            USER_AGENT,
            Map.of("SSL_CERT_FILE", "/nowhere"),
            captured.log());
    assertThat(api).isNotNull();
    assertThat(captured.lines()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "runner.circleci.com", "ftp://runner.circleci.com", "https://MARKER@/"})
  void refusesABaseUrlThatIsNone(String baseUrl) {
    assertThat(reason(api(baseUrl).unclaim("task-1", BUDGET)))
        .startsWith("error calling CircleCI runner API: ")
        .contains("base URL")
        .doesNotContain("MARKER");
  }

  @Test
  void neverShowsTheUserInformationOfTheBaseUrl() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(404, ""))) {
      String url = server.url().replace("://", "://user:MARKER@");
      assertThat(reason(api(url).unclaim("task-1", BUDGET))).doesNotContain("MARKER");
      assertThat(server.onlyRequest().only("Authorization")).isEqualTo("Bearer MARKER");
      assertThat(captured.lines()).isNotEmpty().noneMatch(line -> line.contains("MARKER"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "MARKER\n",
        "MARKER\r\nX-Forged: 1",
        "MARKER\u0000",
        "MARKER\u00fc",
        "\u007fMARKER"
      })
  void refusesATokenThatNoHeaderCarriesAndDoesNotShowIt(String token) throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""))) {
      RunnerApi api =
          new RunnerApi(
              LINUX, server.url(), new Secret(token), USER_AGENT, Map.of(), captured.log());
      assertThat(reason(api.unclaim("task-1", BUDGET)))
          .startsWith(
              "error calling CircleCI runner API: invalid value of the header Authorization: ")
          .doesNotContain("MARKER");
      assertThat(server.connections()).isZero();
      assertThat(captured.lines()).noneMatch(line -> line.contains("MARKER"));
    }
  }

  @Test
  void neverShowsATokenThatTheServerSendsBack() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          String token = c.receive().only("Authorization");
          c.send(c.number() == 1 ? token + "\r\n\r\n" : "HTTP/1.1 400 " + token + "\r\n\r\n");
        })) {
      assertThat(reason(api(server.url()).unclaim("task-1", BUDGET)))
          .endsWith("was 400 (Bad Request) (2 attempts)");
      assertThat(captured.lines()).hasSize(2).noneMatch(line -> line.contains("MARKER"));
      assertThat(captured.lines().getFirst()).contains("malformed HTTP response");
    }
  }

  @Test
  void pausesForLongerEachTime() throws Exception {
    try (ScriptedServer server = answering("500", "500", "502", "200")) {
      pausing = pause -> {};
      api(server.url()).unclaim("task-1", BUDGET);
      chance = 1;
      api(server.url()).unclaim("task-1", BUDGET);
    }
    assertThat(pauses)
        .startsWith(Duration.ofMillis(50), Duration.ofMillis(75), Duration.ofNanos(112_500_000))
        .hasSize(3);
  }

  @Test
  void spreadsThePausesByHalf() throws Exception {
    try (ScriptedServer server = answering("500", "200", "500", "200")) {
      pausing = pause -> {};
      chance = 0;
      api(server.url()).unclaim("task-1", BUDGET);
      chance = 1;
      api(server.url()).unclaim("task-1", BUDGET);
    }
    assertThat(pauses).containsExactly(Duration.ofMillis(25), Duration.ofMillis(75));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          503 | 3                             | 3000
          503 | Tue, 24 Nov 2026 12:00:04 GMT | 3877
          503 | 0                             | 50
          503 | soon                          | 50
          500 | 3                             | 50
          429 | 1                             | 1000
          """)
  void pausesAsLongAsTheServerAsks(int status, String asked, long millis) throws Exception {
    try (ScriptedServer server = answering(status + " x\r\nRetry-After: " + asked, "200")) {
      pausing = pause -> {};
      assertThat(api(server.url()).unclaim("task-1", BUDGET))
          .isEqualTo(new Reporter.Outcome.Told());
    }
    assertThat(pauses).containsExactly(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "429",
        "429 x\r\nRetry-After: whenever",
        "503 x\r\nRetry-After: 3600",
        "503 x\r\nRetry-After: 20"
      })
  void endsWithTheLastAnswerWhenThereIsNoTimeForAnother(String answer) throws Exception {
    try (ScriptedServer server = answering(answer)) {
      assertThat(reason(api(server.url()).unclaim("task-1", BUDGET))).endsWith("(1 attempts)");
    }
    assertThat(pauses).isEmpty();
  }

  @Test
  void endsItsPauseWhenInterrupted() throws Exception {
    try (ScriptedServer server = answering("500")) {
      pausing =
          pause -> {
            throw new InterruptedException();
          };
      assertThat(reason(api(server.url()).unclaim("task-1", BUDGET))).endsWith("(1 attempts)");
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void namesItselfAsTheOriginalDoes() {
    assertThat(RunnerApi.userAgent("1.2.3", "x86_64", "ccita-abc-0"))
        .isEqualTo("CircleCI-GOAT/1.2.3 (linux; amd64; ccita-abc-0)");
    for (String host : List.of("laptop", "", "ccita-\r\nX: y")) {
      assertThat(RunnerApi.userAgent("1", "aarch64", host))
          .matches("CircleCI-GOAT/1 \\(linux; arm64; [0-9a-f]{8}\\)");
    }
  }

  /** Gives each connection the next of some status lines. */
  private static ScriptedServer answering(String... lines) throws IOException {
    return ScriptedServer.http(c -> {
      c.receive();
      c.send("HTTP/1.1 " + lines[Math.min(c.number(), lines.length) - 1] + "\r\n\r\n");
    });
  }

  @Test
  void failsAtOnceWithoutABudget() throws IOException {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""))) {
      assertThat(reason(api(server.url()).unclaim("task-1", Duration.ZERO)))
          .isEqualTo("error calling CircleCI runner API: no time is left for it");
      assertThat(server.connections()).isZero();
    }
  }

  @Test
  void returnsWithinItsBudgetWhateverTheServerDoes() throws IOException {
    try (ScriptedServer server = ScriptedServer.http(Conversation::waitForClient)) {
      long begin = System.nanoTime();
      assertThat(reason(api(server.url()).unclaim("task-1", Duration.ofMillis(300))))
          .isEqualTo("error calling CircleCI runner API: timeout awaiting response headers");
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(3));
    }
  }

  private static String reason(Reporter.Outcome outcome) {
    assertThat(outcome).isInstanceOf(Reporter.Outcome.NotTold.class);
    return ((Reporter.Outcome.NotTold) outcome).reason();
  }

  private RunnerApi api(String baseUrl) {
    RunnerApi.Timing timing =
        new RunnerApi.Timing(
            () -> NOW,
            pause -> {
              pauses.add(pause);
              pausing.take(pause);
            },
            () -> chance);
    return new RunnerApi(
        baseUrl, new Secret("MARKER"), captured.log(), () -> client(USER_AGENT), timing);
  }
}
