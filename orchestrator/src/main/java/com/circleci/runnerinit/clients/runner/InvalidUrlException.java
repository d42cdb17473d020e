package com.circleci.runnerinit.clients.runner;

/**
 * A text that is not the URL it should be. The message never shows the text: it may hold a
 * password.
 */
final class InvalidUrlException extends Exception {
  private static final long serialVersionUID = 1L;

  InvalidUrlException(String reason) {
    super(reason);
  }
}
