package com.circleci.runnerinit.toolchain;

import java.util.Locale;

/**
 * A processor architecture that executables can be built for, with the names others have for it.
 */
enum Arch {
  AMD64("x86_64"),
  AARCH64("aarch64");

  private final String gnuName;

  Arch(String gnuName) {
    this.gnuName = gnuName;
  }

  static Arch ofThisMachine() {
    return named(System.getProperty("os.arch"));
  }

  static Arch named(String name) {
    return switch (name) {
      case "amd64", "x86_64" -> AMD64;
      case "arm64", "aarch64" -> AARCH64;
      default -> throw new ToolchainException("no toolchain for the architecture " + name);
    };
  }

  /** The name that the JDK and the image builder use, such as {@code amd64}. */
  String jdkName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The folder of its libraries in a GraalVM home, such as {@code linux-amd64}. */
  String platform() {
    return "linux-" + jdkName();
  }

  /** The compiler that the image builder looks for on the PATH. */
  String muslCompiler() {
    return gnuName + "-linux-musl-gcc";
  }

  /** Debian's name for a folder of headers and libraries. */
  String multiarch() {
    return gnuName + "-linux-gnu";
  }
}
