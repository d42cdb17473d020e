package com.circleci.runnerinit.clients.net;

import java.io.IOException;

/** What failed on the way to another machine, in the words of Go's net package. */
public final class NetworkException extends IOException {
  private static final long serialVersionUID = 2;

  public NetworkException(String reason) {
    super(reason);
  }

  public boolean isTimeout() {
    return reason().endsWith("i/o timeout");
  }

  public String reason() {
    return String.valueOf(getMessage());
  }
}
