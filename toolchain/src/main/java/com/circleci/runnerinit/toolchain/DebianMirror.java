package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;

/** Where this machine gets Debian's packages from, as apt says: the archive, and security fixes. */
record DebianMirror(String main, Optional<String> security) {
  private static final String FORMAT = "$(ORIGIN)|$(LABEL)|$(REPO_URI)";

  DebianMirror {
    requireNonNull(main, "main is null");
    requireNonNull(security, "security is null");
  }

  static DebianMirror ofThisMachine() {
    Optional<DebianMirror> mirror = parse(targets());
    if (mirror.isEmpty()) {
      // Without lists apt doesn't know which of its sources is Debian.
      Command.of("apt-get", "update").run();
      mirror = parse(targets());
    }
    return mirror.orElseThrow(() ->
        new ToolchainException(
            "apt has no source of Debian on this machine: see /etc/apt/sources.list.d"));
  }

  private static String targets() {
    return Command.of("apt-get", "indextargets", "--format", FORMAT, "Identifier: Packages").run();
  }

  /** Reads lines of {@code origin|label|address}. */
  static Optional<DebianMirror> parse(String targets) {
    List<String> lines = targets.lines().toList();
    Optional<String> security = address(lines, "Debian|Debian-Security|");
    return address(lines, "Debian|Debian|").map(main -> new DebianMirror(main, security));
  }

  private static Optional<String> address(List<String> lines, String prefix) {
    return lines.stream()
        .filter(line -> line.startsWith(prefix))
        .map(line -> line.substring(prefix.length()))
        .findFirst();
  }
}
