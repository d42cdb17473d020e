package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.clients.runner.http.HttpSender;
import com.circleci.runnerinit.clients.runner.http.Resolver;
import com.circleci.runnerinit.clients.runner.testing.CapturedLog;
import com.circleci.runnerinit.clients.runner.testing.Conversation;
import com.circleci.runnerinit.clients.runner.testing.ReceivedRequest;
import com.circleci.runnerinit.clients.runner.testing.ScriptedServer;
import com.circleci.runnerinit.configuration.Secret;
import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RunnerApiTest {
  private static final Duration BUDGET = Duration.ofSeconds(20);
  private static final Instant NOW = Instant.parse("2026-11-24T12:00:00.123Z");
  private static final String USER_AGENT = "CircleCI-GOAT/1.0.0 (linux; amd64; 0123abcd)";

  private final CapturedLog captured = new CapturedLog();

  @Test
  void unclaimNamesTheTaskAndItsToken() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""))) {
      api(server.url()).unclaim("task-1", BUDGET);

      ReceivedRequest request = server.onlyRequest();
      assertThat(request.line()).isEqualTo("POST /api/v3/runner/unclaim HTTP/1.1");
      assertThat(request.body()).isEqualTo("{\"task_id\":\"task-1\",\"task_token\":\"MARKER\"}\n");
    }
  }

  @Test
  void failCarriesTheMessageAndTheTime() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""))) {
      api(server.url()).fail("allocation-1", "exit status 1: <b>\"it's\" & ü</b>", BUDGET);

      ReceivedRequest request = server.onlyRequest();
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

      ReceivedRequest request = server.onlyRequest();
      assertThat(request.header("Authorization")).isEqualTo("Bearer MARKER");
      assertThat(request.header("Accept")).isEqualTo("application/json; charset=utf-8");
      assertThat(request.header("Content-Type")).isEqualTo("application/json; charset=utf-8");
      assertThat(request.header("User-Agent")).isEqualTo(USER_AGENT);
      assertThat(request.header("Host")).isEqualTo("127.0.0.1:" + server.port());
      assertThat(request.header("Connection")).isEqualTo("close");
      assertThat(request.header("Idempotency-Key")).matches("[0-9a-f-]{36}");
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
      assertThat(server.requests().stream().map(r -> r.header("Idempotency-Key")).distinct())
          .hasSize(2);
      assertThat(server.requests().subList(0, 3).stream().map(ReceivedRequest::body).distinct())
          .hasSize(1);
      assertThat(
              server.requests().subList(0, 3).stream()
                  .map(r -> r.header("Idempotency-Key"))
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
    Resolver none =
        host -> {
          throw new AssertionError("looked up " + host);
        };
    RunnerApi api =
        new RunnerApi(
            "no URL at all",
            new Secret("a\nb"),
            USER_AGENT,
            captured.log(),
            new HttpSender(Map.of("SSL_CERT_FILE", "/nowhere"), none, captured.log()),
            Timing.system());

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
      assertThat(server.onlyRequest().header("Authorization")).isEqualTo("Bearer MARKER");
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
          new RunnerApi(server.url(), new Secret(token), USER_AGENT, Map.of(), captured.log());
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
          String token = c.receive().header("Authorization");
          c.send(c.number() == 1 ? token + "\r\n\r\n" : "HTTP/1.1 400 " + token + "\r\n\r\n");
        })) {
      assertThat(reason(api(server.url()).unclaim("task-1", BUDGET)))
          .endsWith("was 400 (Bad Request) (2 attempts)");
      assertThat(captured.lines()).hasSize(2).noneMatch(line -> line.contains("MARKER"));
      assertThat(captured.lines().getFirst()).contains("malformed HTTP response");
    }
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
    Timing timing =
        new Timing(System::nanoTime, () -> NOW, Thread::sleep, Timing.system().random());
    return new RunnerApi(
        baseUrl,
        new Secret("MARKER"),
        USER_AGENT,
        captured.log(),
        new HttpSender(Map.of(), Resolver.system(), captured.log()),
        timing);
  }
}
