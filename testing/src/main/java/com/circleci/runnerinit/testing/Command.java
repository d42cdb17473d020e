package com.circleci.runnerinit.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command of the host, run to its end.
 *
 * @param output standard output and error together
 */
public record Command(int status, String output) {
  public static Command run(Path folder, Map<String, String> environment, List<String> words) {
    return run(folder, environment, "", words);
  }

  private static Command run(
      Path folder, Map<String, String> environment, String input, List<String> words) {
    var builder = new ProcessBuilder(words).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().putAll(environment);
    try {
      var process = builder.start();
      try (var in = process.getOutputStream()) {
        in.write(input.getBytes(UTF_8));
      }
      var output = new String(process.getInputStream().readAllBytes(), UTF_8);
      return new Command(process.waitFor(), output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** Returns what it said, in the folder of this repository; it must succeed. */
  public static String succeed(String... words) {
    return feed("", words);
  }

  public static String succeed(Path folder, String... words) {
    return run(folder, Map.of(), List.of(words)).said(words);
  }

  /** Gives it a text as standard input; it must succeed. */
  public static String feed(String input, String... words) {
    return run(checkout(), Map.of(), input, List.of(words)).said(words);
  }

  private String said(String... words) {
    if (status != 0) {
      throw new AssertionError(String.join(" ", words) + ": " + output);
    }
    return output.strip();
  }

  /** The folder of this repository. */
  public static Path checkout() {
    var folder = Path.of("").toAbsolutePath();
    while (!folder.resolve(".mvn").toFile().isDirectory()) {
      folder =
          Optional.ofNullable(folder.getParent())
              .orElseThrow(() -> new AssertionError("not in a checkout"));
    }
    return folder;
  }
}
