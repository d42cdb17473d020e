package com.circleci.runnerinit.testing;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the fake runner API does with a request. */
public sealed interface Answer {

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
  }

  /** Nothing, until the client goes away. */
  record Hang() implements Answer {}

  /** A TCP reset. */
  record Reset() implements Answer {}

  /** The connection ends without a byte. */
  record Close() implements Answer {}

  /** These bytes, whatever they are, then the end of the connection. */
  record Raw(String bytes) implements Answer {}

  /** A status, and a body that ends before its stated length. */
  record Truncated(int status) implements Answer {}

  /** A status, and a body of {@code length} bytes that comes one byte at a time. */
  record Slow(int status, int length, Duration eachByte) implements Answer {}

  /** A status, and a body that never ends. */
  record Endless(int status) implements Answer {}

  static Response status(int status) {
    return new Response(status, Map.of(), "{}\n", Duration.ZERO);
  }
}
