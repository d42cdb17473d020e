package com.circleci.runnerinit.acceptance.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.LogLine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/** Standard output or standard error of a container, as far as it has come. */
public final class Output {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final Thread reader;

  Output(String name, InputStream in) {
    reader = Thread.ofPlatform().daemon().name(name).start(() -> drain(in));
  }

  public String text() {
    synchronized (bytes) {
      return bytes.toString(UTF_8);
    }
  }

  /** Whole lines only, while it goes on. */
  public List<String> lines() {
    var text = text();
    var end = ended() ? text.length() : text.lastIndexOf('\n') + 1;
    return text.substring(0, end).lines().toList();
  }

  /** The orchestrator's own lines, without those of the task. */
  public List<LogLine> log() {
    return lines().stream().map(LogLine::parse).flatMap(Optional::stream).toList();
  }

  public List<LogLine> events(String name) {
    return log().stream().filter(line -> line.event().equals(name)).toList();
  }

  public LogLine awaitEvent(String name) {
    return Await.untilPresent(
        "event '%s'".formatted(name), () -> events(name).stream().findFirst());
  }

  public String awaitLine(String part) {
    return Await.untilPresent(
        "line with '%s'".formatted(part),
        () -> lines().stream().filter(line -> line.contains(part)).findFirst());
  }

  boolean ended() {
    return !reader.isAlive();
  }

  private void drain(InputStream in) {
    var buffer = new byte[65_536];
    try (in) {
      for (var n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        synchronized (bytes) {
          bytes.write(buffer, 0, n);
        }
      }
    } catch (IOException _) {
      // The process was ended by the harness.
    }
  }
}
