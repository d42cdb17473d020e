package com.circleci.runnerinit.clients.runner;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.configuration.Secret;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.SplittableRandom;
import java.util.UUID;

/** One call of the API. Its retries send the same body and the same key. */
final class Call {
  private final Route route;
  private final byte[] body;
  private final String idempotencyKey = uniqueKey();

  private Call(Route route, String json) {
    this.route = requireNonNull(route, "route is null");
    this.body = (json + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Unique, but no secret: a SecureRandom needs /dev/urandom, which an empty image may lack. */
  private static String uniqueKey() {
    SplittableRandom random = new SplittableRandom(System.nanoTime() ^ System.currentTimeMillis());
    return new UUID(random.nextLong(), random.nextLong()).toString();
  }

  static Call unclaim(String taskId, Secret token) {
    return new Call(
        Route.UNCLAIM,
        json(writer ->
            writer.name("task_id").value(taskId).name("task_token").value(token.reveal())));
  }

  /**
   * The API shows the message on a web page and takes no character that means something in HTML.
   */
  static Call fail(String allocation, Instant at, String message) {
    StringBuilder plain = new StringBuilder(message.length());
    message.chars().filter(c -> "<>&'\"".indexOf(c) < 0).forEach(c -> plain.append((char) c));
    byte[] bytes = plain.toString().getBytes(StandardCharsets.UTF_8);
    String encoded = Base64.getEncoder().encodeToString(bytes);
    return new Call(
        Route.FAIL,
        json(writer ->
            writer
                .name("allocation")
                .value(allocation)
                .name("timestamp")
                .value(at.toEpochMilli())
                .name("message")
                .value(encoded)));
  }

  Route route() {
    return route;
  }

  byte[] body() {
    return body.clone();
  }

  String idempotencyKey() {
    return idempotencyKey;
  }

  @FunctionalInterface
  private interface Members {
    void write(JsonWriter writer) throws IOException;
  }

  private static String json(Members members) {
    StringWriter text = new StringWriter();
    try (JsonWriter writer = new JsonWriter(text)) {
      writer.beginObject();
      members.write(writer);
      writer.endObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }
}
