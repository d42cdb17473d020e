package com.circleci.runnerinit.toolchain.driver;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What the command line asks for, in the builder's terms. */
record ImageRequest(
    List<Path> classPath,
    Optional<String> mainClass,
    Optional<Path> output,
    List<String> builderOptions,
    List<String> javaOptions,
    List<ConfigurationExclusion> exclusions,
    boolean verbose) {
  ImageRequest {
    classPath = List.copyOf(requireNonNull(classPath, "classPath is null"));
    requireNonNull(mainClass, "mainClass is null");
    requireNonNull(output, "output is null");
    builderOptions = List.copyOf(requireNonNull(builderOptions, "builderOptions is null"));
    javaOptions = List.copyOf(requireNonNull(javaOptions, "javaOptions is null"));
    exclusions = List.copyOf(requireNonNull(exclusions, "exclusions is null"));
  }

  /** Where the executable goes: by default, named like the main class. */
  Path outputFile() {
    return output
        .or(() -> mainClass.map(name -> Path.of(name.toLowerCase(Locale.ROOT))))
        .orElseThrow(() -> new UsageException("no main class and no -o"))
        .toAbsolutePath();
  }

  boolean isStaticWithMusl() {
    return builderOptions.containsAll(StandardOptions.STATIC_WITH_MUSL);
  }

  Path outputFolder() {
    return requireNonNull(outputFile().getParent(), "output has no folder");
  }
}
