package com.circleci.runnerinit.clients.runner;

import java.util.HexFormat;

/** How this program names itself: {@code CircleCI-GOAT/<version> (<os>; <arch>; <correlation>)}. */
final class UserAgent {
  private UserAgent() {}

  static String of(String version, String architecture, String hostName, int chance) {
    String correlation =
        hostName.startsWith("ccita-") && isToken(hostName)
            ? hostName
            : HexFormat.of().toHexDigits(chance);
    return "CircleCI-GOAT/" + version + " (linux; " + inGo(architecture) + "; " + correlation + ")";
  }

  /** Go's name for a processor (GOARCH). */
  private static String inGo(String architecture) {
    return switch (architecture) {
      case "x86_64" -> "amd64";
      case "aarch64" -> "arm64";
      default -> architecture;
    };
  }

  private static boolean isToken(String text) {
    return text.chars()
        .allMatch(c -> c < 0x7f && (Character.isLetterOrDigit(c) || "-._".indexOf(c) >= 0));
  }
}
