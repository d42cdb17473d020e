package com.circleci.runnerinit.health;

import java.io.IOException;

/** Failures to listen in the words of Go's {@code net.Listen}, which operators search for. */
final class ListenFailure {
  private ListenFailure() {}

  static IOException unknownHost(String host, IOException cause) {
    return new IOException("listen tcp: lookup " + host + ": no such host", cause);
  }

  static IOException bind(String address, IOException cause) {
    return new IOException("listen tcp " + address + ": bind: " + reason(cause), cause);
  }

  /** An IPv6 address where IPv6 is off. */
  static IOException unsupportedFamily(String address, RuntimeException cause) {
    return new IOException(
        "listen tcp " + address + ": socket: address family not supported by protocol", cause);
  }

  /** The reason as Go and glibc word it; musl's words, which the executable gets, differ. */
  private static String reason(IOException cause) {
    String message = cause.getMessage();
    if (message == null || message.isEmpty()) {
      return cause.toString();
    }
    return switch (message) {
      case "Address in use" -> "address already in use";
      case "Address not available" -> "cannot assign requested address";
      default -> Character.toLowerCase(message.charAt(0)) + message.substring(1);
    };
  }
}
