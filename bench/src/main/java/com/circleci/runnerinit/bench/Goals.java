package com.circleci.runnerinit.bench;

import java.util.ArrayList;
import java.util.List;

/** What the project promises itself. */
final class Goals {
  private static final String TINI = "tini-static";

  private Goals() {}

  static List<Goal> all(Results results) {
    var goals = new ArrayList<Goal>();
    goals.add(Goal.of(Figure.EXECUTABLE, 20, 17));
    results
        .median(Figure.VERSION, TINI)
        .ifPresent(tini -> goals.add(Goal.of(Figure.VERSION, 2 * tini + 1.5)));
    goals.addAll(
        List.of(
            Goal.of(Figure.START, 4, 2.5).times(TINI),
            Goal.of(Figure.START_LIMITED, 6).times(TINI),
            // The must of the row above is the start's; never throttled is its aim.
            Goal.of(Figure.THROTTLED_START, Double.MAX_VALUE, 0),
            Goal.of(Figure.EXIT, 5, 2),
            Goal.of(Figure.CPU, 8, 5),
            Goal.of(Figure.RESIDENT, 14, 10),
            Goal.of(Figure.ANONYMOUS, 2, 1),
            Goal.of(Figure.RESIDENT_TLS, 24, 20),
            Goal.of(Figure.INIT, 1.05).times("cp"),
            Goal.of(Figure.INIT_LIMITED, 0.95).times("cp"),
            Goal.of(Figure.INIT_XFS, 5),
            Goal.of(Figure.INIT_XFS_LIMITED, 5),
            Goal.of(Figure.INIT_TMPFS, 1.05).times("cp"),
            Goal.of(Figure.INIT_TMPFS_LIMITED, 0.95).times("cp"),
            Goal.of(Figure.REAP_BACKLOG, 0.8, 1).times(TINI),
            Goal.of(Figure.REAP_STORM, 0.8, 1).times(TINI),
            Goal.of(Figure.IDLE, 10, 3)));
    return goals;
  }

  static List<String> lines(Results results, String contestant) {
    return all(results).stream()
        .flatMap(goal -> goal.judge(results, contestant).stream())
        .map(verdict -> verdict.line(contestant))
        .toList();
  }
}
