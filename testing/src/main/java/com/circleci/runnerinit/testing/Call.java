package com.circleci.runnerinit.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A request that reached the fake runner API, as it was sent. Header names are lower case. */
public record Call(
    Instant at, String method, String path, Map<String, List<String>> headers, String body) {

  public Optional<Route> route() {
    return Route.of(path);
  }

  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name)).map(values -> String.join(", ", values));
  }

  public JsonObject json() {
    return JsonParser.parseString(body).getAsJsonObject();
  }

  /** The message of a fail event, decoded. */
  public String message() {
    return new String(Base64.getDecoder().decode(json().get("message").getAsString()), UTF_8);
  }
}
