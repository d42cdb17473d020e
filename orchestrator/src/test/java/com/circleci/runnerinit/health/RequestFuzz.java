package com.circleci.runnerinit.health;

import com.circleci.runnerinit.fuzzing.Property;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;

/** Fuzz target: what a client of the health server sends, as one head and as a stream. */
public final class RequestFuzz {
  private RequestFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    check(input);
    RequestBuffer buffer = new RequestBuffer();
    ReadableByteChannel channel = Channels.newChannel(new ByteArrayInputStream(input));
    try {
      while (!buffer.isFull() && buffer.fill(channel) > 0) {
        Optional<byte[]> head = buffer.takeHead();
        while (head.isPresent()) {
          check(head.get());
          head = buffer.takeHead();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void check(byte[] head) {
    switch (RequestParser.parse(head)) {
      case ParsedRequest.Request request -> {
        Property.holds(!request.method().isEmpty(), "no method");
        Property.holds(request.path().indexOf('?') < 0, "a query in %s", request.path());
      }
      case ParsedRequest.Refused(int status) ->
          Property.holds(status >= 400 && status < 600, "refused by %d", status);
    }
  }
}
