package com.circleci.runnerinit.health;

import com.circleci.runnerinit.fuzzing.Property;

/** Fuzz target: what a client of the health server sends, as one head and as a stream. */
public final class RequestFuzz {
  private RequestFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    String answer = new Answers(new FixedState(), _ -> {}).to(input);
    Property.holds(answer.startsWith("HTTP/1.1 "), "%s", answer);
    Property.holds(!answer.startsWith("HTTP/1.1 500"), "a fault");
    Property.holds(answer.contains("\r\nConnection: close\r\n"), "%s", answer);
  }
}
