package com.circleci.runnerinit.toolchain.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files of arguments, named on the command line as {@code @FILE}, in the syntax of java(1). */
final class ArgumentFiles {
  private ArgumentFiles() {}

  /** Replaces each {@code @FILE} by the arguments in it, which may not name further files. */
  static List<String> expand(List<String> args) throws IOException {
    var expanded = new ArrayList<String>();
    for (String arg : args) {
      if (arg.startsWith("@@")) {
        expanded.add(arg.substring(1));
      } else if (arg.startsWith("@")) {
        expanded.addAll(read(Path.of(arg.substring(1))));
      } else {
        expanded.add(arg);
      }
    }
    return expanded;
  }

  private static List<String> read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new UsageException("no such argument file: " + file);
    }
    return split(Files.readString(file));
  }

  /** Splits at white space; quotes keep it, # starts a comment, and a backslash is as in Java. */
  static List<String> split(String text) {
    var args = new ArrayList<String>();
    var arg = new StringBuilder();
    boolean started = false;
    char quote = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quote != 0) {
        if (c == quote) {
          quote = 0;
        } else if (c == '\\' && i + 1 < text.length()) {
          i++;
          arg.append(unescaped(text.charAt(i)));
        } else {
          arg.append(c);
        }
      } else if (Character.isWhitespace(c)) {
        if (started) {
          args.add(arg.toString());
          arg.setLength(0);
          started = false;
        }
      } else if (c == '#' && !started) {
        int end = text.indexOf('\n', i);
        i = end < 0 ? text.length() : end;
      } else {
        started = true;
        if (c == '"' || c == '\'') {
          quote = c;
        } else {
          arg.append(c);
        }
      }
    }
    if (quote != 0) {
      throw new UsageException("an argument file has a quote without an end");
    }
    if (started) {
      args.add(arg.toString());
    }
    return args;
  }

  /** Writes an argument so that java(1) reads it back as it was. */
  static String quoted(String arg) {
    return '"' + arg.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
  }

  private static char unescaped(char c) {
    return switch (c) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'f' -> '\f';
      default -> c;
    };
  }
}
