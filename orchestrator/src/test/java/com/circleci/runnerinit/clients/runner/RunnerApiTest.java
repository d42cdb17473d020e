package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.configuration.Secret;
import com.circleci.runnerinit.linux.ForeignSyscalls;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.Conversation;
import com.circleci.runnerinit.testing.ScriptedServer;
import com.circleci.runnerinit.testing.ScriptedServer.Script;
import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RunnerApiTest extends ClientTest {
  private static final Duration BUDGET = Duration.ofSeconds(20);
  private final List<Duration> pauses = new ArrayList<>();
  private boolean pausing = true;
  private static final String USER_AGENT = "CircleCI-GOAT/1.0.0 (linux; amd64; 0123abcd)";

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
      assertThat(Instant.ofEpochMilli(body.nextLong()))
          .isBetween(Instant.now().minusSeconds(60), Instant.now());
      assertThat(body.nextName()).isEqualTo("message");
      byte[] message = Base64.getDecoder().decode(body.nextString());
      body.endObject();
      assertThat(new String(message, StandardCharsets.UTF_8)).isEqualTo("exit status 1: bits  ü/b");
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

  /** 50 ms and half as much again each time, give or take a half. */
  @Test
  void pausesForLongerEachTimeByChance() throws Exception {
    pausing = false;
    for (int i = 0; i < 20; i++) {
      try (ScriptedServer server = answering("500", "500", "502", "200")) {
        api(server.url()).unclaim("task-1", BUDGET);
      }
    }
    assertThat(pauses).hasSize(60).doesNotHaveDuplicates();
    for (int i = 0; i < pauses.size(); i++) {
      double middle = 50e6 * Math.pow(1.5, i % 3);
      assertThat((double) pauses.get(i).toNanos()).isBetween(middle / 2, middle * 1.5);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "503, 3, 3000, 3000",
    "503, IN_THREE_SECONDS, 1000, 3000",
    "503, 0, 25, 75",
    "503, soon, 25, 75",
    "500, 3, 25, 75",
    "429, 1, 1000, 1000",
  })
  void pausesAsLongAsTheServerAsks(int status, String asked, long least, long most)
      throws Exception {
    pausing = false;
    String date =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(3));
    String header = "\r\nRetry-After: " + asked.replace("IN_THREE_SECONDS", date);
    try (ScriptedServer server = answering(status + " x" + header, "200")) {
      assertThat(api(server.url()).unclaim("task-1", BUDGET))
          .isEqualTo(new Reporter.Outcome.Told());
    }
    assertThat(pauses)
        .singleElement()
        .satisfies(pause -> assertThat(pause).isBetween(millis(least), millis(most)));
  }

  /** What the pauses are made of; a stray permit of {@link LockSupport} ended one at once. */
  @Test
  void pausesNoShorterForAStrayPermit() {
    LockSupport.unpark(Thread.currentThread());
    long begin = System.nanoTime();
    LINUX.clock().pause(millis(20));
    assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(20_000_000);
  }

  private static Duration millis(long millis) {
    return Duration.ofMillis(millis);
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

  @Test
  void saysMeanwhileHowTheLastAttemptEnded() throws Exception {
    BlockingQueue<Optional<Reporter.Outcome.NotTold>> seen = new LinkedBlockingQueue<>();
    AtomicReference<RunnerApi> api = new AtomicReference<>();
    Script refusesAndLooks =
        c -> {
          seen.add(api.get().lastFailure());
          c.answer(c.number() == 1 ? 500 : 200, "");
        };
    try (ScriptedServer server = ScriptedServer.http(refusesAndLooks)) {
      api.set(api(server.url()));
      assertThat(api.get().unclaim("task-1", BUDGET)).isInstanceOf(Reporter.Outcome.Told.class);
      assertThat(seen.take()).isEmpty();
      assertThat(seen.take().orElseThrow().reason()).contains("500", "(1 attempts)");
      api.get().unclaim("task-1", BUDGET);
      assertThat(seen.take()).as("of this call").isEmpty();
    }
  }

  private static String reason(Reporter.Outcome outcome) {
    assertThat(outcome).isInstanceOf(Reporter.Outcome.NotTold.class);
    return ((Reporter.Outcome.NotTold) outcome).reason();
  }

  private RunnerApi api(String baseUrl) {
    Kernel kernel =
        Kernel.of(
            new ForeignSyscalls() {
              @Override
              public void pause(Duration time) {
                pauses.add(time);
                if (pausing) {
                  super.pause(time);
                }
              }
            });
    return new RunnerApi(
        kernel, baseUrl, new Secret("MARKER"), USER_AGENT, environment, captured.log());
  }
}
