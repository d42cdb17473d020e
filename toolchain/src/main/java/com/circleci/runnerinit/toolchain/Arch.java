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

  /** Whether this machine is of another one, so that its programs run here by QEMU alone. */
  boolean isForeign() {
    return this != ofThisMachine();
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

  /** Debian's name for a folder of musl's headers and libraries. */
  String musl() {
    return gnuName + "-linux-musl";
  }

  /** Debian's name for a folder of headers and libraries, and the start of a compiler's name. */
  String multiarch() {
    return gnuName + "-linux-gnu";
  }

  /** The name that Debian and images have for it, such as {@code arm64}. */
  String debianName() {
    return switch (this) {
      case AMD64 -> "amd64";
      case AARCH64 -> "arm64";
    };
  }
}
