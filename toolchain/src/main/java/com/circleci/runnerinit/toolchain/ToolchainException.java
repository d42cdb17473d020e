package com.circleci.runnerinit.toolchain;

/**
 * A failure the user can act on: one line that says what to do, and any output that explains it.
 */
final class ToolchainException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String details;

  ToolchainException(String message) {
    this(message, "");
  }

  ToolchainException(String message, String details) {
    super(message);
    this.details = details;
  }

  String details() {
    return details;
  }
}
