package com.circleci.runnerinit.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Gives an answer on one connection. */
record AnswerWriter(InputStream in, OutputStream out, Connection connection) {

  /** The connection under the streams, TLS or not. */
  interface Connection {
    void reset() throws IOException;
  }

  /** Returns whether the connection can carry another request. */
  boolean give(Answer answer) throws IOException {
    switch (answer) {
      case Answer.Response response -> {
        pause(response.delay());
        respond(response);
        return true;
      }
      case Answer.Hang _ -> awaitClient();
      case Answer.Reset _ -> connection.reset();
      case Answer.Close _ -> {}
      case Answer.Raw raw -> send(raw.bytes().getBytes(UTF_8));
      case Answer.Truncated truncated -> {
        head(truncated.status(), "Content-Length: 1000\r\n");
        send("{\"cut\": ".getBytes(UTF_8));
      }
      case Answer.Slow slow -> {
        head(slow.status(), "Content-Length: " + slow.length() + "\r\n");
        for (var i = 0; i < slow.length(); i++) {
          send(new byte[] {' '});
          pause(slow.eachByte());
        }
      }
      case Answer.Endless endless -> {
        head(endless.status(), "");
        var blanks = " ".repeat(65_536).getBytes(UTF_8);
        while (true) {
          send(blanks);
        }
      }
    }
    return false;
  }

  private void respond(Answer.Response response) throws IOException {
    var body = response.body().getBytes(UTF_8);
    var bodyless = response.status() == 204 || response.status() == 304;
    var fields = new StringBuilder();
    response
        .headers()
        .forEach((name, value) -> fields.append(name).append(": ").append(value).append("\r\n"));
    if (!bodyless) {
      fields.append("Content-Type: application/json; charset=utf-8\r\n");
      fields.append("Content-Length: ").append(body.length).append("\r\n");
    }
    head(response.status(), fields.toString());
    if (!bodyless) {
      send(body);
    }
  }

  private void head(int status, String fields) throws IOException {
    send(
        "HTTP/1.1 %d %s\r\n%s\r\n"
            .formatted(status, ReasonPhrase.of(status), fields)
            .getBytes(ISO_8859_1));
  }

  private void send(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  private void awaitClient() throws IOException {
    while (in.read() >= 0) {
      // What it sends now is of no interest.
    }
  }

  private static void pause(Duration duration) {
    var end = System.nanoTime() + duration.toNanos();
    for (var left = duration.toNanos(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
