package com.circleci.runnerinit.toolchain.driver;

/** Options that make no sense, in one line. */
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1;

  UsageException(String message) {
    super(message);
  }
}
