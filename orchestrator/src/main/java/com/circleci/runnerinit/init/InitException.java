package com.circleci.runnerinit.init;

import static java.util.Objects.requireNonNull;

/** Why the binaries could not be installed: its message names the file and the reason. */
public final class InitException extends Exception {
  private static final long serialVersionUID = 1;

  public InitException(String message) {
    super(requireNonNull(message, "message is null"));
  }
}
