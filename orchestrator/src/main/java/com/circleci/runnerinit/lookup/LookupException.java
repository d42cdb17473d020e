package com.circleci.runnerinit.lookup;

/** There is no such program or user, or it can't be told; the message is for whoever named it. */
public final class LookupException extends Exception {
  private static final long serialVersionUID = 1;

  public LookupException(String message) {
    super(message);
  }
}
