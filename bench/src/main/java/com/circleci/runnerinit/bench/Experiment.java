package com.circleci.runnerinit.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one run of each contestant tells, and how often it is to be repeated.
 *
 * @param figures each with the measurement's name for it
 * @param trials of each contestant, by its name
 * @param most more runs than that tell nothing new
 */
record Experiment(String name, Map<Figure, String> figures, Map<String, Trial> trials, int most) {

  /** One run. */
  interface Trial {
    Map<String, Double> run();
  }

  /** By a figure, by its own name, or by what that begins with: {@code init} is all of its kind. */
  boolean tellsOf(List<String> wanted) {
    return wanted.isEmpty()
        || wanted.stream().anyMatch(it -> (name + "-").startsWith(it + "-"))
        || figures.keySet().stream().anyMatch(figure -> wanted.contains(figure.id()));
  }

  /** All contestants in turn, again and again, there and back: whom one follows is no advantage. */
  void run(int runs, Results results) {
    if (most > 1) {
      trials.values().forEach(Trial::run); // into the page cache
    }
    var turn = new LinkedHashMap<>(trials).sequencedEntrySet();
    for (var i = 0; i < Math.min(runs, most); i++) {
      for (var each : i % 2 == 0 ? turn : turn.reversed()) {
        take(each.getKey(), each.getValue().run(), results);
      }
    }
  }

  private void take(String contestant, Map<String, Double> measured, Results results) {
    figures.forEach((figure, key) -> {
      var value = measured.get(key);
      if (value != null && value >= 0) {
        results.add(figure, contestant, value * figure.scale());
      }
    });
  }
}
