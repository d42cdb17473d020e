package com.circleci.runnerinit.task.process;

/** There is no file to execute for a program's name. */
public final class ProgramNotFoundException extends Exception {
  private static final long serialVersionUID = 1;

  public ProgramNotFoundException(String message) {
    super(message);
  }
}
