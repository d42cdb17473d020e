package com.circleci.runnerinit.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.util.List;

/** A program of the machine's that must succeed. */
final class Command {
  private Command() {}

  /**
   * Runs it to its end.
   *
   * @throws BenchException with what it said, if it fails or is not there
   */
  static void run(List<String> command) {
    try {
      var process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(new File("/dev/null"))
              .start();
      var said = new String(process.getInputStream().readAllBytes(), UTF_8);
      if (process.waitFor() != 0) {
        throw new BenchException(String.join(" ", command) + ": " + said.strip());
      }
    } catch (IOException e) {
      throw new BenchException(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted");
    }
  }
}
