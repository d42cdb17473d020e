package com.circleci.runnerinit.smoke;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A command of the host, run to its end. */
record Command(int status, String output) {
  /** Standard output and error together. */
  static Command run(Path folder, Map<String, String> environment, List<String> words) {
    var builder =
        new ProcessBuilder(words)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"));
    builder.environment().putAll(environment);
    try {
      var process = builder.start();
      var output = new String(process.getInputStream().readAllBytes(), UTF_8);
      return new Command(process.waitFor(), output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** Returns what it said; it must succeed. */
  static String succeed(String... words) {
    return succeed(checkout(), words);
  }

  static String succeed(Path folder, String... words) {
    var done = run(folder, Map.of(), List.of(words));
    if (done.status() != 0) {
      throw new AssertionError(String.join(" ", words) + ": " + done.output());
    }
    return done.output().strip();
  }

  static Path checkout() {
    var folder = Path.of("").toAbsolutePath();
    while (!folder.resolve(".mvn").toFile().isDirectory()) {
      folder =
          Optional.ofNullable(folder.getParent())
              .orElseThrow(() -> new AssertionError("not in a checkout"));
    }
    return folder;
  }
}
