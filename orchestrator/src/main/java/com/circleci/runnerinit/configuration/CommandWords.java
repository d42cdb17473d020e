package com.circleci.runnerinit.configuration;

import java.util.ArrayList;
import java.util.List;

/**
 * Splits a command line into words at white space, as a shell's word splitting does: single and
 * double quotes and backslashes keep white space in a word; nothing is expanded.
 */
public final class CommandWords {
  private final String line;
  private final List<String> words = new ArrayList<>();
  private final StringBuilder word = new StringBuilder();
  private boolean inWord;
  private int at;

  private CommandWords(String line) {
    this.line = line;
  }

  /**
   * Splits a command line.
   *
   * @throws IllegalArgumentException when a quote is not closed
   */
  public static List<String> split(String line) {
    return new CommandWords(line).split();
  }

  private List<String> split() {
    while (at < line.length()) {
      char c = line.charAt(at++);
      switch (c) {
        case ' ', '\t', '\n', '\r' -> endWord();
        case '\'' -> readQuoted('\'', false);
        case '"' -> readQuoted('"', true);
        case '\\' -> {
          inWord = true;
          word.append(at < line.length() ? line.charAt(at++) : c);
        }
        default -> {
          inWord = true;
          word.append(c);
        }
      }
    }
    endWord();
    return words;
  }

  private void readQuoted(char quote, boolean escapes) {
    inWord = true;
    while (at < line.length()) {
      char c = line.charAt(at++);
      if (c == quote) {
        return;
      }
      boolean escaped =
          escapes && c == '\\' && at < line.length() && "\"\\".indexOf(line.charAt(at)) >= 0;
      word.append(escaped ? line.charAt(at++) : c);
    }
    throw new IllegalArgumentException("a quote (" + quote + ") is not closed");
  }

  private void endWord() {
    if (inWord) {
      words.add(word.toString());
      word.setLength(0);
      inWord = false;
    }
  }
}
