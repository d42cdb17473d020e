package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The image builder's jars, each pinned by version and SHA-256. */
record BuilderLock(List<Jar> jars) {
  /** The jar that replaces the JDK's own module of the compiler. */
  private static final String COMPILER = "org.graalvm.compiler:compiler";

  private static final String BUILDER = "org.graalvm.nativeimage:svm";

  /** One jar of Maven Central. */
  record Jar(String group, String artifact, String version, String sha256) {
    Jar {
      requireNonNull(group, "group is null");
      requireNonNull(artifact, "artifact is null");
      requireNonNull(version, "version is null");
      requireNonNull(sha256, "sha256 is null");
    }

    String name() {
      return group + ":" + artifact;
    }

    String fileName() {
      return artifact + "-" + version + ".jar";
    }
  }

  private static final Pattern LINE =
      Pattern.compile("([\\w.-]+):([\\w.-]+):([\\w.-]+) ([0-9a-f]{64})");

  BuilderLock {
    jars = List.copyOf(requireNonNull(jars, "jars is null"));
  }

  static BuilderLock read(Path file) throws IOException {
    return parse(Files.readAllLines(file));
  }

  /**
   * Lines of {@code group:artifact:version sha256}; those that are empty or start with # count for
   * nothing.
   */
  static BuilderLock parse(List<String> lines) {
    return new BuilderLock(
        lines.stream()
            .map(String::strip)
            .filter(line -> !line.isEmpty() && !line.startsWith("#"))
            .map(BuilderLock::parseLine)
            .toList());
  }

  private static Jar parseLine(String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      throw new ToolchainException("builder.lock: not 'group:artifact:version sha256': " + line);
    }
    return new Jar(matcher.group(1), matcher.group(2), matcher.group(3), matcher.group(4));
  }

  Jar compiler() {
    return named(COMPILER);
  }

  /** The version of the image builder, which GraalVM gives to a whole release. */
  String version() {
    return named(BUILDER).version();
  }

  private Jar named(String name) {
    return jars.stream()
        .filter(jar -> jar.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new ToolchainException("builder.lock: no " + name));
  }
}
