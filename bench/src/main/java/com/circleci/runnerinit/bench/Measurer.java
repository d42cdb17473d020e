package com.circleci.runnerinit.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Has measure.c run a program once, and reads what it found. */
final class Measurer {
  private static final long LIMIT_MINUTES = 15;

  private final Path program;
  private final Path agent;
  private final Path shared;

  Measurer(Path program, Path agent, Path shared) {
    this.program = requireNonNull(program, "program is null");
    this.agent = requireNonNull(agent, "agent is null");
    this.shared = requireNonNull(shared, "shared is null");
  }

  /** The command line of the child that is to be started. */
  List<String> agent(String... verbs) {
    var command = new ArrayList<>(List.of(agent.toString(), shared.toString()));
    command.addAll(List.of(verbs));
    return command;
  }

  /** What was measured, by name: nanoseconds, bytes or counts. */
  Map<String, Double> run(Contestant.Start start, List<String> options) {
    var command = new ArrayList<>(List.of(program.toString(), "--shared", shared.toString()));
    command.addAll(options);
    command.add("--");
    command.addAll(start.command());
    var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().keySet().removeIf(name -> name.startsWith("CIRCLECI_GOAT"));
    builder.environment().putAll(start.environment());
    try {
      var process = builder.start();
      process.getOutputStream().close();
      var said = new String(process.getInputStream().readAllBytes(), UTF_8);
      if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new BenchException("could not measure " + String.join(" ", command));
      }
      return parse(said);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted");
    } finally {
      delete(shared);
    }
  }

  static Map<String, Double> parse(String lines) {
    var found = new HashMap<String, Double>();
    lines
        .lines()
        .map(line -> line.split(" ", 2))
        .forEach(words -> found.put(words[0], Double.parseDouble(words[1])));
    return found;
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
