package com.circleci.runnerinit.task.resources;

import com.circleci.runnerinit.fuzzing.Property;
import com.circleci.runnerinit.task.resources.MemoryShortage.ProcessSize;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;

/** Fuzz target: files of control groups of both versions, and of /proc. */
public final class ResourcesFuzz {
  private ResourcesFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    for (Counter counter : Counter.values()) {
      for (ControlGroup.Version version : ControlGroup.Version.values()) {
        OptionalLong value = counter.in(version).find(text);
        Property.holds(value.orElse(0) >= 0, "%s is %s", counter, value);
      }
    }
    Membership membership = Membership.parse(text);
    for (String controller : Arrays.asList("", "memory", text)) {
      String path = membership.path(controller);
      Property.holds(path.startsWith("/") && !path.startsWith("/.."), "path %s", path);
      Property.holds(path.indexOf('\n') < 0, "two lines in %s", path);
    }
    Optional<ProcessSize> size = Processes.parse(text);
    Property.holds(size.map(ProcessSize::resident).orElse(0L) >= 0, "%s", size);
  }
}
