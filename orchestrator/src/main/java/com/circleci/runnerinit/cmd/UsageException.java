package com.circleci.runnerinit.cmd;

import com.circleci.runnerinit.task.ExitCode;

/** A command line, or a variable that stands in for a flag, that can't be understood. */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1;

  private final ExitCode exitCode;

  private UsageException(ExitCode exitCode, String problem) {
    // A document in the wrong place may be the task's configuration, with its token.
    super(problem.contains("{") ? problem.substring(0, problem.indexOf('{')) + "{…" : problem);
    this.exitCode = exitCode;
  }

  static UsageException ofCommandLine(String problem) {
    return new UsageException(ExitCode.USAGE, problem);
  }

  static UsageException ofEnvironment(String variable, String problem) {
    return new UsageException(ExitCode.FAILED, variable + ": " + problem);
  }

  ExitCode exitCode() {
    return exitCode;
  }
}
