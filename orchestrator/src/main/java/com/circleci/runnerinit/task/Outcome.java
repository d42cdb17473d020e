package com.circleci.runnerinit.task;

import java.util.List;

/** How a run ended, for whoever looks at its exit status. */
public sealed interface Outcome {
  /** The task went well, or the runner API was told why it did not. */
  record Handled() implements Outcome {}

  /** A failure that nobody was told of. */
  record Untold(List<String> errors) implements Outcome {
    public Untold {
      errors = List.copyOf(errors);
    }
  }

  default ExitCode exitCode() {
    return switch (this) {
      case Handled() -> ExitCode.HANDLED;
      case Untold _ -> ExitCode.FAILED;
    };
  }
}
