package com.circleci.runnerinit.linux;

/** What waiting for any child found. */
public sealed interface WaitResult {
  /** It has ended, with this status word of wait4(2), and is a zombie no more. */
  record Reaped(int pid, int waitStatus) implements WaitResult {
    /** Read out only when asked for, since nobody asks how an orphan ended. */
    public ExitStatus status() {
      return ExitStatus.ofWaitStatus(waitStatus);
    }
  }

  /** There are children, and all of them run. */
  record AllRunning() implements WaitResult {}

  /** There is no child at all. */
  record NoChildren() implements WaitResult {}
}
