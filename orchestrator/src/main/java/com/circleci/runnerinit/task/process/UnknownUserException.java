package com.circleci.runnerinit.task.process;

/** The container has no such user. */
public final class UnknownUserException extends Exception {
  private static final long serialVersionUID = 1;

  UnknownUserException(String message) {
    super(message);
  }
}
