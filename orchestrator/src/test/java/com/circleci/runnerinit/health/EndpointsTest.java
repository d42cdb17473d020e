package com.circleci.runnerinit.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.testing.HttpReply;
import java.io.IOException;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointsTest {
  private static final String TIMESTAMP =
      "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{3,9})?Z";

  private Served served;

  @BeforeEach
  void start() throws IOException {
    served = Served.start();
  }

  @AfterEach
  void stop() {
    served.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/live", "/ready", "/live?verbose=1", "http://10.0.0.1:7623/ready"})
  void shouldAnswerAProbeThatPasses(String target) throws IOException {
    HttpReply response = served.get(target);

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("content-type")).hasValue("application/json; charset=utf-8");
    assertThat(response.body())
        .matches(
            "\\{\"status\":\"OK\",\"timestamp\":\""
                + TIMESTAMP
                + "\",\"component\":\\{\"name\":\"\",\"version\":\"\"}}");
  }

  @ParameterizedTest
  @CsvSource({"/ready, not ready", "/live, not live"})
  void shouldAnswerAProbeThatFails(String target, String failure) throws IOException {
    served.state.ready = false;
    served.state.alive = false;

    HttpReply response = served.get(target);

    assertThat(response.status()).isEqualTo(503);
    assertThat(response.header("content-type")).hasValue("application/json; charset=utf-8");
    assertThat(response.body())
        .matches(
            "\\{\"status\":\"Unavailable\",\"timestamp\":\""
                + TIMESTAMP
                + "\",\"failures\":\\{\"orchestrator\":\""
                + failure
                + "\"},\"component\":\\{\"name\":\"\",\"version\":\"\"}}");
  }

  @Test
  void shouldFollowTheState() throws IOException {
    served.state.ready = false;
    assertThat(served.get("/ready").status()).isEqualTo(503);
    assertThat(served.get("/live").status()).isEqualTo(200);
    served.state.ready = true;
    assertThat(served.get("/ready").status()).isEqualTo(200);
    served.state.alive = false;
    assertThat(served.get("/live").status()).isEqualTo(503);
    assertThat(served.get("/ready").status()).isEqualTo(200);
  }

  @Test
  void shouldStampTheMoment() throws IOException {
    Instant before = Instant.now();
    String body = served.get("/live").body();
    String timestamp = body.split("\"", -1)[7];

    assertThat(Instant.parse(timestamp)).isBetween(before, Instant.now());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/live/", "/LIVE", "/debug/pprof/", "/metrics.json", "*", "//live"})
  void shouldKnowNothingElse(String target) throws IOException {
    HttpReply response = served.get(target);

    assertThat(response.status()).isEqualTo(404);
    assertThat(response.header("content-type")).hasValue("text/plain");
    assertThat(response.body()).isEqualTo("404 page not found");
  }

  @ParameterizedTest
  @CsvSource({"/live, 200", "/ready, 200", "/metrics, 200", "/nothing, 404"})
  void shouldAnswerHeadAsGetWithoutTheBody(String target, int status) throws IOException {
    try (Client client = served.connect()) {
      client.send("HEAD " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
      HttpReply head = client.readHead();
      assertThat(head.status()).isEqualTo(status);
      assertThat(Integer.parseInt(head.header("content-length").orElseThrow())).isPositive();

      assertThat(served.get(target).status()).isEqualTo(status);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "BREW"})
  void shouldSayWhichMethodsAreAllowed(String method) throws IOException {
    try (Client client = served.connect()) {
      HttpReply response = client.exchange(method + " /ready HTTP/1.1\r\nHost: x\r\n\r\n");

      assertThat(response.status()).isEqualTo(405);
      assertThat(response.header("allow")).hasValue("GET, HEAD");
    }
  }

  @Test
  void shouldServeTheMetrics() throws IOException {
    HttpReply response = served.get("/metrics");

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("content-type"))
        .hasValue("text/plain; version=0.0.4; charset=utf-8");
    assertThat(response.body()).contains("runner_init_children_running 2.0\n");
  }

  @Test
  void shouldLogNothingForAProbe() throws IOException {
    served.get("/live");
    served.get("/ready");
    served.get("/metrics");
    served.get("/nothing");

    assertThat(served.lines.lines())
        .singleElement()
        .asString()
        .contains("server: new-server admin");
  }
}
