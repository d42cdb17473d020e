package com.circleci.runnerinit.clients.runner;

/** A call of the runner API that did not succeed. Its message never holds the token. */
public final class RunnerApiException extends Exception {
  private static final long serialVersionUID = 1L;

  RunnerApiException(String message) {
    super(message);
  }
}
