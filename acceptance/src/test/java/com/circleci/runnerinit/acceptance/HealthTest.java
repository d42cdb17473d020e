package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static com.circleci.runnerinit.testing.Route.UNCLAIM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Answer;
import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.Command;
import com.circleci.runnerinit.testing.HttpReply;
import com.circleci.runnerinit.testing.Machine;
import com.circleci.runnerinit.testing.Signal;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@InAContainer
@Tag("core")
class HealthTest {

  @ParameterizedTest
  @ValueSource(strings = {"/live", "/ready"})
  void shouldAnswerOkWhileTheTaskRuns(String path, Scenario given) {
    var container = startTask(given);

    var reply = container.probe().get(path);

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.header("content-type")).hasValue("application/json; charset=utf-8");
    var body = JsonParser.parseString(reply.body()).getAsJsonObject();
    assertThat(body.keySet()).containsExactly("status", "timestamp", "component");
    assertThat(body.get("status").getAsString()).isEqualTo("OK");
    assertThat(body.get("component").toString()).isEqualTo("{\"name\":\"\",\"version\":\"\"}");
    assertThat(body.get("timestamp").getAsString())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{1,9}(Z|[+-]\\d\\d:\\d\\d)");
    assertThat(
            Instant.from(
                DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(body.get("timestamp").getAsString())))
        .isBetween(Instant.now().minusSeconds(30), Instant.now().plusSeconds(1));
    end(given, container);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void shouldListenOnBothProtocols(String address, Scenario given) {
    given.proc();
    var container = startTask(given);

    assertThat(container.probe().ask(address, "GET", "/live").status()).isEqualTo(200);
    end(given, container);
  }

  @Test
  void shouldListenOnTheAddressItIsGivenOnly(Scenario given) {
    given.proc();
    given.environment("CIRCLECI_GOAT_HEALTH_CHECK_ADDR", "127.0.0.1:" + given.healthPort());
    var container = startTask(given);

    assertThat(container.stdout().awaitEvent("server: new-server admin").fields())
        .containsEntry("app.address", "127.0.0.1:" + given.healthPort())
        .containsEntry("app.network", "tcp");
    assertThat(container.probe().get("/live").status()).isEqualTo(200);
    assertThatThrownBy(() -> container.probe().ask("::1", "GET", "/live"))
        .hasCauseInstanceOf(ConnectException.class);
    end(given, container);
  }

  @Test
  void shouldTakeTheFlagBeforeTheEnvironment(Scenario given) {
    given.proc();
    given.environment("CIRCLECI_GOAT_HEALTH_CHECK_ADDR", "127.0.0.1:1");
    given.agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask("--health-check-addr", "[::]:" + given.healthPort());
    given.root().awaitFile("/out/started");

    assertThat(container.stdout().awaitEvent("server: new-server admin").fields())
        .containsEntry("app.address", "[::]:" + given.healthPort());
    end(given, container);
  }

  @Test
  void shouldListenWithoutProcToo(Scenario given) {
    var container = startTask(given);

    assertThat(container.probe().get("/live").status()).isEqualTo(200);
    end(given, container);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/live", "/ready"})
  void shouldAnswerHeadWithoutABody(String path, Scenario given) {
    var container = startTask(given);

    var reply = container.probe().ask("127.0.0.1", "HEAD", path);

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.header("content-type")).hasValue("application/json; charset=utf-8");
    assertThat(reply.body()).isEmpty();
    end(given, container);
  }

  @ParameterizedTest
  @CsvSource({"POST, /live", "PUT, /ready", "DELETE, /live", "OPTIONS, /ready", "PATCH, /metrics"})
  void shouldSayWhichMethodsThereAre(String method, String path, Scenario given) {
    var container = startTask(given);

    var reply = container.probe().ask("127.0.0.1", method, path);

    assertThat(reply.status()).isEqualTo(405);
    assertThat(reply.header("allow")).hasValue("GET, HEAD");
    end(given, container);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/lives", "/live/", "/debug/pprof/", "/debug/vars", "//live", "/%6cive?"})
  void shouldNotKnowAnyOtherPath(String path, Scenario given) {
    var container = startTask(given);

    var reply = container.probe().get(path);

    assertThat(reply.status()).isEqualTo(404);
    assertThat(reply.header("content-type").orElse("")).startsWith("text/plain");
    assertThat(reply.body().strip()).isEqualTo("404 page not found");
    end(given, container);
  }

  @Test
  void shouldIgnoreAQuery(Scenario given) {
    var container = startTask(given);

    assertThat(container.probe().get("/live?verbose=1").status()).isEqualTo(200);
    end(given, container);
  }

  @Test
  void shouldShowMetricsAsPrometheusReadsThem(Scenario given) {
    var container = startTask(given);

    var reply = container.probe().get("/metrics");

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.header("content-type").orElse("")).startsWith("text/plain; version=0.0.4");
    assertThat(reply.body().lines())
        .allMatch(
            line -> line.matches("# (HELP|TYPE) .*|[a-zA-Z_:][\\w:]*(\\{.*\\})? [-+0-9.eEInfNa]+"));
    end(given, container);
  }

  @Test
  void shouldPassPrometheusOwnCheckWithEveryFigureThere(Scenario given) {
    given.agent(
        "record-signals=/out/signals",
        "orphans=3/0ms",
        "touch=/out/started",
        "wait-file=/out/end",
        "exit=1");
    given.config().set("enable_unsafe_retries", true);
    given.api().answer(UNCLAIM, Answer.status(409));
    var whileReporting = new CompletableFuture<String>();
    given
        .api()
        .whenCalled(call -> {
          if (call.path().equals(FAIL.path())) {
            whileReporting.complete(given.container().probe().get("/metrics").body());
          }
        });
    var container = given.runTask();
    given.root().awaitFile("/out/started");
    container.signal(Signal.HUP);
    given.root().awaitText("/out/signals", "HUP");
    Await.until(
        "three orphans reaped",
        () -> container.probe().get("/metrics").body().contains("orphans_reaped_total 3.0\n"));
    end(given, container);

    var page = whileReporting.join();
    assertThat(page)
        .contains(
            "runner_init_api_calls_total{result=\"error\",route=\"/api/v3/runner/unclaim\"} 1.0\n")
        .contains("runner_init_signals_forwarded_total{signal=\"SIGHUP\"} 1.0\n")
        .contains("runner_init_children_running 0.0\n")
        .contains("runner_init_uptime_seconds ")
        .contains("runner_init_build_info{")
        .contains("runner_init_phase{");
    Command.feed(page, "promtool", "check", "metrics");
  }

  @Test
  void shouldStayLiveWhileNothingHappens(Scenario given) {
    var container = startTask(given);

    Await.until(
        "eleven quiet seconds",
        () ->
            container
                .probe()
                .get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("runner_init_uptime_seconds "))
                .anyMatch(line -> Double.parseDouble(line.substring(line.indexOf(' '))) > 11));

    assertThat(container.probe().get("/live").status()).isEqualTo(200);
    end(given, container);
  }

  /** The time before it is ready is short: what is seen of it depends on luck. */
  @Test
  void shouldSayNothingButNotReadyUntilItIsReady(Scenario given) {
    given.agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask();

    var reply = awaitAnswer(container);
    while (reply.status() != 200) {
      assertThat(reply.status()).isEqualTo(503);
      var body = JsonParser.parseString(reply.body()).getAsJsonObject();
      assertThat(body.get("status").getAsString()).isEqualTo("Unavailable");
      assertThat(body.get("failures").toString()).isEqualTo("{\"orchestrator\":\"not ready\"}");
      reply = awaitAnswer(container);
    }

    given.root().awaitFile("/out/started");
    end(given, container);
  }

  @Test
  void shouldKeepAnsweringDuringTheDrain(Scenario given) {
    var container = startTask(given);

    container.signal(Signal.TERM);
    container.stdout().awaitEvent("system: shutdown signal received");

    assertThat(container.probe().get("/live").status()).isEqualTo(200);
    assertThat(container.probe().get("/ready").status()).isIn(200, 503);
    end(given, container);
  }

  @Test
  void shouldNotLogAProbeThatSucceeds(Scenario given) {
    var container = startTask(given);
    container.probe().awaitStatus("/ready", 200);

    for (var i = 0; i < 20; i++) {
      container.probe().get(i % 2 == 0 ? "/live" : "/ready");
    }

    end(given, container);
    assertThat(container.stdout().lines())
        .hasSizeLessThan(20)
        .noneMatch(line -> line.contains("/live") || line.contains("/ready"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GARBAGE\r\n\r\n",
        "GET /live HTTP/1.1\r\nno colon\r\n\r\n",
        "GET /live HTTP/9.9\r\nHost: x\r\n\r\n",
        "\r\n\r\n\r\n",
        "\0\0\0\0\r\n\r\n"
      })
  void shouldSurviveWhatIsNoRequest(String request, Scenario given) {
    var container = startTask(given);

    var reply = container.probe().exchange("127.0.0.1", request);

    assertThat(reply).doesNotStartWith("HTTP/1.1 200");
    assertThat(container.probe().get("/live").status()).isEqualTo(200);
    end(given, container);
  }

  @Test
  void shouldHandTheTaskBackWhenThePortIsTaken(Scenario given) throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getByName("::"))) {
      Machine.current().forward(taken.getLocalPort());
      given.agent("touch=/out/started");
      given.environment("CIRCLECI_GOAT_HEALTH_CHECK_ADDR", ":" + taken.getLocalPort());

      var container = given.runTask();

      assertThat(container.exitCode()).isZero();
      assertThat(given.root().has("/out/started")).isFalse();
      assertThat(given.api().calls()).extracting(Call::path).containsExactly(UNCLAIM.path());
      assertThat(container.stdout().text())
          .contains(Integer.toString(taken.getLocalPort()))
          .containsIgnoringCase("address already in use");
    }
  }

  private static HttpReply awaitAnswer(Container container) {
    return Await.untilPresent("an answer", () -> container.probe().attempt("/ready"));
  }

  private static Container startTask(Scenario given) {
    given.agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/started");
    return container;
  }

  private static void end(Scenario given, Container container) {
    given.root().file("/out/end", "");
    assertThat(container.exitCode()).isZero();
  }
}
