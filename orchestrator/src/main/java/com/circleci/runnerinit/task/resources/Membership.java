package com.circleci.runnerinit.task.resources;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which control group a process is in, by controller: {@code /proc/PID/cgroup} of cgroups(7).
 *
 * @param paths by controller; the unified hierarchy's under the empty name
 */
record Membership(Map<String, String> paths) {
  private static final String ROOT = "/";

  Membership {
    paths = Map.copyOf(paths);
  }

  static Membership parse(String text) {
    Map<String, String> paths = new HashMap<>();
    for (String line : text.split("\n", -1)) {
      String[] fields = line.split(":", 3);
      if (fields.length == 3) {
        for (String controller : List.of(fields[1].split(",", -1))) {
          paths.put(controller, fields[2]);
        }
      }
    }
    return new Membership(paths);
  }

  /** The path below the hierarchy's root; that root for what is unknown or outside of it. */
  String path(String controller) {
    String path = paths.getOrDefault(controller, ROOT);
    return path.startsWith(ROOT) && !path.startsWith("/..") ? path : ROOT;
  }
}
