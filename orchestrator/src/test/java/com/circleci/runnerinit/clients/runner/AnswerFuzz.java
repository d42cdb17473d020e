package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.net.NetworkException;
import com.circleci.runnerinit.fuzzing.Property;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Set;
import org.apache.hc.core5.http.ClassicHttpResponse;

/** Fuzz target: what the runner API, or whoever answers in its place, sends. */
public final class AnswerFuzz {
  /** Of a broken answer, nothing may be shown: it may be the request, token included. */
  private static final Set<String> REASONS =
      Set.of(
          "EOF (the server closed the connection without an answer)",
          "unexpected EOF (the server's answer broke off in its head)",
          "the head of the server's answer is too large",
          "the head of the server's answer is larger than 64 KiB",
          "malformed HTTP response");

  private static final int MOST_BYTES = 64 << 10;

  private AnswerFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    ByteArrayInputStream stream = new ByteArrayInputStream(input);
    try {
      ClassicHttpResponse head = new HttpClient.Incoming(stream).head;
      int status = head.getCode();
      Property.holds(status == 101 || status >= 200, "%d is no final answer", status);
      Property.holds(HttpClient.inWords(status).length() < 50, "%d", status);
      Property.holds(head.getHeaders().length <= 100, "%d fields", head.getHeaders().length);
    } catch (NetworkException e) {
      Property.holds(REASONS.contains(e.reason()), "%s", e.reason());
    } catch (IOException e) {
      throw new AssertionError("bytes in memory can be read", e);
    }
    int taken = input.length - stream.available();
    Property.holds(taken <= MOST_BYTES, "%d bytes were read", taken);
  }
}
