package com.circleci.runnerinit.cmd;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.task.ExitCode;

/** A command line, or a variable that stands in for a flag, that can't be understood. */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1;

  private final ExitCode exitCode;
  private final String problem;

  private UsageException(ExitCode exitCode, String problem) {
    super(problem);
    this.exitCode = requireNonNull(exitCode, "exitCode is null");
    this.problem = requireNonNull(problem, "problem is null");
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

  String problem() {
    return problem;
  }
}
