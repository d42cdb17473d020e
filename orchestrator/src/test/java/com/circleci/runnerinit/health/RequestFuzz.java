package com.circleci.runnerinit.health;

import com.circleci.runnerinit.fuzzing.Property;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogFormat;
import java.nio.charset.StandardCharsets;

/** Fuzz target: what a client of the health server sends, as one head and as a stream. */
public final class RequestFuzz {
  private RequestFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    EventLog log = new EventLog(LogFormat.TEXT, "0".repeat(32), _ -> 0, _ -> {});
    Answers answers = new Answers(new FixedState(), new FaultLog(log, () -> 0));
    String answer = StandardCharsets.ISO_8859_1.decode(answers.to(input)).toString();
    Property.holds(answer.startsWith("HTTP/1.1 "), "%s", answer);
    Property.holds(!answer.startsWith("HTTP/1.1 500"), "a fault");
    Property.holds(answer.contains("\r\nConnection: close\r\n"), "%s", answer);
  }
}
