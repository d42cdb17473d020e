package com.circleci.runnerinit.toolchain.driver;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.regex.Pattern;

/** Configuration to leave out: resources of class path entries, each by a regular expression. */
record ConfigurationExclusion(Pattern entry, Pattern resource) {
  ConfigurationExclusion {
    requireNonNull(entry, "entry is null");
    requireNonNull(resource, "resource is null");
  }

  boolean matches(Path classPathEntry, String name) {
    return entry.matcher(classPathEntry.toString()).find() && resource.matcher("/" + name).find();
  }
}
