package com.circleci.runnerinit.acceptance.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.circleci.runnerinit.testing.Machine;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** A terminal, with somebody who types: script(1) holds the other end. */
public final class Terminal implements Closeable {
  private final Process script;
  private final String path;

  private Terminal(Process script, String path) {
    this.script = script;
    this.path = path;
  }

  static Terminal open() {
    try {
      var script =
          Machine.current()
              .start(
                  List.of(
                      "/usr/bin/script", "-qfc", "/usr/bin/tty; exec sleep infinity", "/dev/null"),
                  Map.of(),
                  true);
      var said = new BufferedReader(new InputStreamReader(script.getInputStream(), UTF_8));
      var path = said.readLine();
      if (path == null) {
        throw new AssertionError("script(1) says nothing");
      }
      return new Terminal(script, path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public void type(String line) {
    try {
      script.getOutputStream().write((line + "\n").getBytes(UTF_8));
      script.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where the host has it. */
  String path() {
    return path;
  }

  @Override
  public void close() {
    script.destroy();
  }
}
