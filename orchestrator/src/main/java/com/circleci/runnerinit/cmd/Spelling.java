package com.circleci.runnerinit.cmd;

import java.util.List;

/** Guesses which word was meant by a mistyped one. */
final class Spelling {
  private static final int MAX_DISTANCE = 3;

  private Spelling() {}

  /** {@code ", did you mean …?"}, or nothing when no word comes close. */
  static String suggestion(String word, List<String> known) {
    String best = "";
    int bestDistance = Math.min(MAX_DISTANCE, Math.max(1, word.length() / 3)) + 1;
    for (String candidate : known) {
      int distance = distance(word, candidate);
      if (distance > 0 && distance < bestDistance) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return best.isEmpty() ? "" : ", did you mean " + best + "?";
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, Math.min(previous[j], row[j - 1]) + 1);
      }
      previous = row;
    }
    return previous[b.length()];
  }
}
