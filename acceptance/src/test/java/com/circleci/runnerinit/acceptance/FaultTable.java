package com.circleci.runnerinit.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** The table of docs/reference/faults.md: what each fault is to lead to. */
final class FaultTable {
  private static final Path PAGE =
      Path.of(System.getProperty("basedir", "."), "../docs/reference/faults.md");
  private static final Pattern ROW =
      Pattern.compile("\\| `(\\w+)` \\| ([^|]+) \\| ([A-Z, ]+) \\| ([a-z ]+) \\| ([a-z, ]+) \\|");

  private FaultTable() {}

  /** How often a fault is met, as strace(1) has it after the number of the first call. */
  enum Often {
    ONCE(""),
    EVERY_OTHER("+2"),
    ALWAYS("+");

    final String step;

    Often(String step) {
      this.step = step;
    }
  }

  enum Outcome {
    GOES_ON("goes on"),
    GOES_ON_MUTE("goes on, mute"),
    GOES_ON_WITHOUT_STDERR("goes on, less stderr"),
    TAKEN_BACK("taken back"),
    FAILED("failed"),
    UNTOLD("untold"),
    ENDS("ends");

    final String words;

    Outcome(String words) {
      this.words = words;
    }

    boolean goesOn() {
      return words.startsWith("goes on");
    }
  }

  record Row(FaultPlace place, String error, Often often, Outcome outcome) {
    @Override
    public String toString() {
      return "%s: %s, %s %s: %s"
          .formatted(place.systemCall, place.where, error, often, outcome.words);
    }
  }

  static List<Row> read() {
    try {
      var rows = new ArrayList<Row>();
      for (var line : Files.readAllLines(PAGE)) {
        if (line.startsWith("| `")) {
          rows.addAll(parse(line));
        }
      }
      return rows;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One for each of the errors. */
  private static List<Row> parse(String line) {
    var row = ROW.matcher(line);
    if (!row.matches()) {
      throw new AssertionError(PAGE + ": no row of the table: " + line);
    }
    var place = FaultPlace.of(row.group(1), row.group(2));
    var often = Often.valueOf(row.group(4).toUpperCase(Locale.ROOT).replace(' ', '_'));
    var outcome = outcome(row.group(5));
    return Arrays.stream(row.group(3).split(", ", -1))
        .map(error -> new Row(place, error, often, outcome))
        .toList();
  }

  private static Outcome outcome(String words) {
    return Arrays.stream(Outcome.values())
        .filter(outcome -> outcome.words.equals(words))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no such outcome: " + words));
  }
}
