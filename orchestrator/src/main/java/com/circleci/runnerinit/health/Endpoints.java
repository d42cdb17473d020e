package com.circleci.runnerinit.health;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.health.ParsedRequest.Request;
import java.time.Instant;
import org.apache.hc.core5.http.HttpStatus;

/** What is served: {@code /live}, {@code /ready} and {@code /metrics}, and nothing else. */
final class Endpoints {
  private static final String JSON = "application/json; charset=utf-8";
  private static final String COMPONENT = "\"component\":{\"name\":\"\",\"version\":\"\"}}";

  private final HealthState state;

  Endpoints(HealthState state) {
    this.state = requireNonNull(state, "state is null");
  }

  Answer answer(Request request) {
    return switch (request.path()) {
      case "/live", "/ready", "/metrics" ->
          request.isRead() ? known(request.path()) : Answer.METHOD_NOT_ALLOWED;
      default -> Answer.NOT_FOUND;
    };
  }

  private Answer known(String path) {
    return switch (path) {
      case "/live" -> probe(state.isAlive(), "not live");
      case "/ready" -> probe(state.isReady(), "not ready");
      default -> MetricsPage.answer(state.metrics());
    };
  }

  private static Answer probe(boolean passed, String failure) {
    String timestamp = "\"timestamp\":\"" + Instant.now() + "\",";
    if (passed) {
      return new Answer(HttpStatus.SC_OK, JSON, "{\"status\":\"OK\"," + timestamp + COMPONENT);
    }
    String failures = "\"failures\":{\"orchestrator\":\"" + failure + "\"},";
    return new Answer(
        HttpStatus.SC_SERVICE_UNAVAILABLE,
        JSON,
        "{\"status\":\"Unavailable\"," + timestamp + failures + COMPONENT);
  }
}
