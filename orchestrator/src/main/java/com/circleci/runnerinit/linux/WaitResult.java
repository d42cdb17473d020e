package com.circleci.runnerinit.linux;

import static java.util.Objects.requireNonNull;

/** What waiting for any child found. */
public sealed interface WaitResult {
  /** This child has ended, and is a zombie no more. */
  record Reaped(int pid, ExitStatus status) implements WaitResult {
    public Reaped {
      requireNonNull(status, "status is null");
    }
  }

  /** There are children, and all of them run. */
  record AllRunning() implements WaitResult {}

  /** There is no child at all. */
  record NoChildren() implements WaitResult {}
}
