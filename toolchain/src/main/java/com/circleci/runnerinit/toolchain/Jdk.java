package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/** The JDK that runs this program, which is also the one that the image builder runs on. */
record Jdk(Path home) {
  static final int FEATURE_VERSION = 25;

  Jdk {
    requireNonNull(home, "home is null");
  }

  static Jdk running() {
    return new Jdk(Path.of(System.getProperty("java.home")));
  }

  /** Fails with one line unless it is a JDK that can be made into a GraalVM home. */
  Jdk checked() {
    if (Runtime.version().feature() != FEATURE_VERSION) {
      throw new ToolchainException(
          "needs JDK %d, but %s is %s: run it with that JDK's java"
              .formatted(FEATURE_VERSION, home, Runtime.version()));
    }
    if (!Files.isRegularFile(sources())) {
      throw new ToolchainException(
          "%s has no lib/src.zip, which the native libraries' headers are made from: use a JDK that has it"
              .formatted(home));
    }
    return this;
  }

  Path program(String name) {
    return home.resolve("bin").resolve(name);
  }

  Path include() {
    return home.resolve("include");
  }

  Path sources() {
    return home.resolve("lib/src.zip");
  }

  Path release() {
    return home.resolve("release");
  }

  /** A value of its {@code release} file, without the quotes. */
  String releaseValue(String name) throws IOException {
    var properties = new Properties();
    try (Reader reader = Files.newBufferedReader(release())) {
      properties.load(reader);
    }
    return properties.getProperty(name, "unknown").replace("\"", "");
  }
}
