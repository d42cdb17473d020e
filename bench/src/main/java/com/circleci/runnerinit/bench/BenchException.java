package com.circleci.runnerinit.bench;

/** The benchmark can't go on. */
final class BenchException extends RuntimeException {
  private static final long serialVersionUID = 1;

  BenchException(String message) {
    super(message);
  }
}
