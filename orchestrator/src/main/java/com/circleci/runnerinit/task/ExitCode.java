package com.circleci.runnerinit.task;

/** The exit status of the process. */
public enum ExitCode {
  /** Success, or a failure that the runner API was told of. */
  HANDLED(0),
  /** A failure that nobody was told of. */
  FAILED(1),
  /** A command line that can't be understood. */
  USAGE(80);

  private final int status;

  ExitCode(int status) {
    this.status = status;
  }

  public int status() {
    return status;
  }
}
