package com.circleci.runnerinit.clients.runner.http;

import java.io.IOException;

/** A broken exchange; the message is the reason in the words of Go's net packages. */
final class ExchangeException extends IOException {
  private static final long serialVersionUID = 1L;

  ExchangeException(String reason) {
    super(reason);
  }

  String reason() {
    return String.valueOf(getMessage());
  }
}
