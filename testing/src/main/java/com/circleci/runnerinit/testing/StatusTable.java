package com.circleci.runnerinit.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** What {@code docs/reference/runner-api.md} says that each status of the runner API comes to. */
public final class StatusTable {
  private static final Pattern ROW =
      Pattern.compile("\\| (\\d{3})(?:–(\\d{3}))? +\\| ([a-z ]+?) +\\| ([a-z ]+?) +\\|.*");

  private StatusTable() {}

  /** The outcomes of a call by status, each of which has one row. */
  public static Map<Integer, String> outcomes(Path page, Route route) throws IOException {
    var outcomes = new TreeMap<Integer, String>();
    for (var line : Files.readAllLines(page)) {
      var row = ROW.matcher(line);
      if (row.matches()) {
        var first = Integer.parseInt(row.group(1));
        var last = row.group(2) == null ? first : Integer.parseInt(row.group(2));
        for (var status = first; status <= last; status++) {
          if (outcomes.put(status, row.group(route == Route.UNCLAIM ? 3 : 4)) != null) {
            throw new AssertionError("an earlier row for " + status);
          }
        }
      }
    }
    return outcomes;
  }
}
