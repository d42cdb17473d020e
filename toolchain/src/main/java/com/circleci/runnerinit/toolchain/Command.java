package com.circleci.runnerinit.toolchain;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A program to run to its end, with its output kept for when it fails. */
record Command(List<String> words, Path directory, Map<String, String> environment) {
  /** What a program said, both streams in one, and how it ended. */
  record Result(int exitCode, String output) {
    boolean succeeded() {
      return exitCode == 0;
    }
  }

  Command {
    words = List.copyOf(requireNonNull(words, "words is null"));
    requireNonNull(directory, "directory is null");
    environment = Map.copyOf(requireNonNull(environment, "environment is null"));
  }

  static Command of(Object... words) {
    return of(List.of(words).stream().map(Object::toString).toList());
  }

  static Command of(List<String> words) {
    return new Command(words, Path.of("").toAbsolutePath(), Map.of());
  }

  Command in(Path folder) {
    return new Command(words, folder, environment);
  }

  Command with(String variable, Object value) {
    var more = new TreeMap<>(environment);
    more.put(variable, value.toString());
    return new Command(words, directory, more);
  }

  /** Runs it and returns what it printed; a failure carries the output. */
  String run() {
    Result result = tryRun();
    if (!result.succeeded()) {
      throw new ToolchainException(
          "'%s' failed with exit code %d".formatted(title(), result.exitCode()), result.output());
    }
    return result.output();
  }

  Result tryRun() {
    var builder = new ProcessBuilder(words).directory(directory.toFile()).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().putAll(environment);
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      return new Result(process.waitFor(), output);
    } catch (IOException e) {
      throw new ToolchainException("'%s' cannot be run: %s".formatted(title(), e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ToolchainException("interrupted while running '%s'".formatted(title()));
    }
  }

  private String title() {
    var program = Path.of(words.getFirst()).getFileName();
    return program + " " + String.join(" ", words.subList(1, Math.min(3, words.size())));
  }
}
