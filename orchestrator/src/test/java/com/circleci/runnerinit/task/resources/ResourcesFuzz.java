package com.circleci.runnerinit.task.resources;

import com.circleci.runnerinit.fuzzing.Property;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;

/** Fuzz target: files of control groups of both versions, and of /proc. */
public final class ResourcesFuzz {
  private ResourcesFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    for (ControlGroup.Figure figure : ControlGroup.Figure.values()) {
      for (boolean unified : List.of(true, false)) {
        OptionalLong value = figure.find(unified, text);
        Property.holds(value.orElse(0) >= 0, "%s is %s", figure, value);
      }
    }
    for (String path : ControlGroup.parseMembership(text).values()) {
      Property.holds(path.startsWith("/") && !path.startsWith("/.."), "path %s", path);
      Property.holds(path.indexOf('\n') < 0, "two lines in %s", path);
    }
  }
}
