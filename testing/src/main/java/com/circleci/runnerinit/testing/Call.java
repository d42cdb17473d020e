package com.circleci.runnerinit.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A request that reached a server of the tests, as it was sent.
 *
 * @param headers by names in lower case
 * @param firstRead how many of its bytes came with the first read
 * @param size its bytes in all
 */
public record Call(
    Instant at,
    String method,
    String path,
    Map<String, List<String>> headers,
    String body,
    int firstRead,
    int size) {

  public String line() {
    return method + " " + path + " HTTP/1.1";
  }

  public Optional<Route> route() {
    return Route.of(path);
  }

  public List<String> values(String name) {
    return headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of());
  }

  public Optional<String> header(String name) {
    return values(name).isEmpty() ? Optional.empty() : Optional.of(String.join(", ", values(name)));
  }

  /** The value of a header, which must be there once. */
  public String only(String name) {
    if (values(name).size() != 1) {
      throw new AssertionError(name + " is not there once in " + headers);
    }
    return values(name).getFirst();
  }

  public JsonObject json() {
    return JsonParser.parseString(body).getAsJsonObject();
  }

  /** The message of a fail event, decoded. */
  public String message() {
    return new String(Base64.getDecoder().decode(json().get("message").getAsString()), UTF_8);
  }
}
