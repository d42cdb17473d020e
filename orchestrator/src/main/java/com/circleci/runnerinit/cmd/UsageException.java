package com.circleci.runnerinit.cmd;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.task.ExitCode;

/** A command line, or a variable that stands in for a flag, that can't be understood. */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1;

  private final ExitCode exitCode;
  private final String problem;

  private UsageException(ExitCode exitCode, String problem) {
    this.exitCode = requireNonNull(exitCode, "exitCode is null");
    this.problem = withoutDocument(requireNonNull(problem, "problem is null"));
  }

  static UsageException ofCommandLine(String problem) {
    return new UsageException(ExitCode.USAGE, problem);
  }

  static UsageException ofEnvironment(String variable, String problem) {
    return new UsageException(ExitCode.FAILED, variable + ": " + problem);
  }

  /** A document in the wrong place may be the task's configuration, with its token. */
  private static String withoutDocument(String text) {
    int brace = text.indexOf('{');
    return brace < 0 ? text : text.substring(0, brace) + "{…";
  }

  @Override
  public String getMessage() {
    return problem;
  }

  ExitCode exitCode() {
    return exitCode;
  }

  String problem() {
    return problem;
  }
}
