package com.circleci.runnerinit.cmd;

import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.fuzzing.Property;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Fuzz target: a command line and an environment, a word a line, with a form feed between them. */
public final class InvocationFuzz {
  private static final String TOKEN = "s3cr3t-t0k3n";
  private static final String CONFIG = "{\"token\":\"" + TOKEN + "\"}";

  private InvocationFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    // Neither a word nor a variable holds NUL; it is what ends them.
    String[] parts = new String(input, StandardCharsets.UTF_8).replace("\0", "").split("\f", 2);
    List<String> words = List.of(parts[0].split("\n", -1));
    List<String> variables = List.of((parts.length > 1 ? parts[1] : "").split("\n", -1));
    Environment environment =
        new Environment(
            variables.stream().map(line -> line.getBytes(StandardCharsets.UTF_8)).toList());
    if (variables.stream().noneMatch(InvocationFuzz::isBareToken)) {
      check(words, environment);
      check(List.of("run-task", "--config=" + CONFIG, words.getFirst()), environment);
    }
    check(
        words,
        new Environment(
            List.of(
                ("CIRCLECI_GOAT_CONFIG=" + CONFIG).getBytes(StandardCharsets.UTF_8),
                ("HOME=" + words.getLast()).getBytes(StandardCharsets.UTF_8))));
  }

  /** Outside of a document nothing tells a token from any other word. */
  private static boolean isBareToken(String word) {
    int token = word.indexOf(TOKEN);
    int brace = word.indexOf('{');
    return token >= 0 && (brace < 0 || brace > token);
  }

  private static void check(List<String> words, Environment environment) {
    try {
      readAll(new CommandLine(words, environment));
    } catch (UsageException e) {
      String message = String.valueOf(e.getMessage());
      if (words.stream().noneMatch(InvocationFuzz::isBareToken)) {
        Property.holds(!message.contains(TOKEN), "the token shows: %s", message);
      }
      Property.holds(!message.isBlank(), "it says nothing of %s", words);
    }
  }

  /** All that the command needs. */
  static void readAll(CommandLine line) throws UsageException {
    if (!line.asksForHelp() && !line.asksForVersion()) {
      line.shutdownDelay();
      if (line.command() == Command.OVERRIDE) {
        line.entrypoint();
      }
      if (line.command() != Command.INIT) {
        line.plan();
      }
      line.logFormat();
    }
  }
}
