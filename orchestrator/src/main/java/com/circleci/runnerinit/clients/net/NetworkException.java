package com.circleci.runnerinit.clients.net;

import java.io.IOException;

/** What failed on the way to another machine, in the words of Go's net package. */
public final class NetworkException extends IOException {
  private static final long serialVersionUID = 1;

  private final boolean timeout;

  public NetworkException(String reason) {
    this(reason, false);
  }

  private NetworkException(String reason, boolean timeout) {
    super(reason);
    this.timeout = timeout;
  }

  /**
   * The deadline has passed.
   *
   * @param during what was waited for
   */
  public static NetworkException timeout(String during) {
    return new NetworkException(during + ": i/o timeout", true);
  }

  public boolean isTimeout() {
    return timeout;
  }

  public String reason() {
    return String.valueOf(getMessage());
  }
}
