package com.circleci.runnerinit.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** What the fake runner API does with a request. */
public sealed interface Answer {
  /** Gives it; all but an honest one end with the connection. */
  void give(Conversation to) throws IOException;

  /** An honest HTTP response, {@code delay} after the request. */
  record Response(int status, Map<String, String> headers, String body, Duration delay)
      implements Answer {

    public Response withHeader(String name, String value) {
      var all = new LinkedHashMap<>(headers);
      all.put(name, value);
      return new Response(status, all, body, delay);
    }

    public Response withBody(String text) {
      return new Response(status, headers, text, delay);
    }

    public Response after(Duration wait) {
      return new Response(status, headers, body, wait);
    }

    @Override
    public void give(Conversation to) throws IOException {
      pause(delay);
      var fields = new StringBuilder("Content-Type: application/json; charset=utf-8\r\n");
      headers.forEach((name, value) -> fields.append(name + ": " + value + "\r\n"));
      to.answer(status, fields.toString(), body);
    }
  }

  /** Nothing, until the client goes away. */
  record Hang() implements Answer {
    @Override
    public void give(Conversation to) throws IOException {
      to.waitForClient();
    }
  }

  /** A TCP reset. */
  record Reset() implements Answer {
    @Override
    public void give(Conversation to) throws IOException {
      to.reset();
    }
  }

  /** The connection ends without a byte. */
  record Close() implements Answer {
    @Override
    public void give(Conversation to) {}
  }

  /** These bytes, whatever they are, then the end of the connection. */
  record Raw(String bytes) implements Answer {
    @Override
    public void give(Conversation to) throws IOException {
      to.send(bytes.getBytes(UTF_8));
    }
  }

  /** A status, and a body that ends before its stated length. */
  record Truncated(int status) implements Answer {
    @Override
    public void give(Conversation to) throws IOException {
      to.head(status, "Content-Length: 1000\r\n");
      to.send("{\"cut\": ");
    }
  }

  /** A status, and a body of {@code length} bytes that comes one byte at a time. */
  record Slow(int status, int length, Duration eachByte) implements Answer {
    @Override
    public void give(Conversation to) throws IOException {
      to.head(status, "Content-Length: " + length + "\r\n");
      for (var i = 0; i < length; i++) {
        to.send(" ");
        pause(eachByte);
      }
    }
  }

  /** A status, and a body that never ends. */
  record Endless(int status) implements Answer {
    @Override
    public void give(Conversation to) throws IOException {
      to.head(status, "");
      while (true) {
        to.send(" ".repeat(65_536));
      }
    }
  }

  static Response status(int status) {
    return new Response(status, Map.of(), "{}\n", Duration.ZERO);
  }

  private static void pause(Duration duration) {
    var end = System.nanoTime() + duration.toNanos();
    for (var left = duration.toNanos(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
