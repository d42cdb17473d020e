package com.circleci.runnerinit.configuration;

import java.util.ArrayList;
import java.util.List;

/** The words of a command line that is one text, as a shell's word splitting has them. */
public final class CommandWords {
  private CommandWords() {}

  /**
   * Splits a command line at white space. Single and double quotes and backslashes keep white space
   * in a word; nothing is expanded.
   *
   * @throws IllegalArgumentException when a quote is not closed
   */
  public static List<String> split(String line) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean inWord = false;
    char quote = ' ';
    for (int at = 0; at < line.length(); at++) {
      char c = line.charAt(at);
      if (c == '\\' && isEscape(quote, line, at + 1)) {
        word.append(line.charAt(++at));
        inWord = true;
      } else if (c == quote && quote != ' ') {
        quote = ' ';
      } else if (quote == ' ' && (c == '\'' || c == '"')) {
        quote = c;
        inWord = true;
      } else if (quote != ' ' || " \t\n\r".indexOf(c) < 0) {
        word.append(c);
        inWord = true;
      } else if (inWord) {
        words.add(word.toString());
        word.setLength(0);
        inWord = false;
      }
    }
    if (quote != ' ') {
      throw new IllegalArgumentException("a quote (" + quote + ") is not closed");
    }
    if (inWord) {
      words.add(word.toString());
    }
    return words;
  }

  /** Whether a backslash makes the next character mean itself; without one it does so itself. */
  private static boolean isEscape(char quote, String line, int next) {
    return next < line.length()
        && switch (quote) {
          case '\'' -> false;
          case '"' -> line.charAt(next) == '"' || line.charAt(next) == '\\';
          default -> true;
        };
  }
}
