package com.circleci.runnerinit.configuration;

import com.circleci.runnerinit.fuzzing.Property;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/** Fuzz target: a command line in one text, there and back by a shell's single quotes. */
public final class CommandWordsFuzz {
  private CommandWordsFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    List<String> words;
    try {
      words = CommandWords.split(new String(input, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      Property.holds(String.valueOf(e.getMessage()).endsWith("is not closed"), "%s", e);
      return;
    }
    String quoted =
        words.stream()
            .map(word -> "'" + word.replace("'", "'\\''") + "'")
            .collect(Collectors.joining(" "));
    Property.holds(CommandWords.split(quoted).equals(words), "%s by %s", words, quoted);
  }
}
