package com.circleci.runnerinit.linux;

/** How a process ended, as wait(2) tells it. */
public sealed interface ExitStatus {
  record Exited(int code) implements ExitStatus {
    @Override
    public String toString() {
      return "exit status " + code;
    }
  }

  record Killed(int signal, boolean coreDumped) implements ExitStatus {
    @Override
    public String toString() {
      return "signal: " + Signals.describe(signal) + (coreDumped ? " (core dumped)" : "");
    }
  }

  default boolean isSuccess() {
    return this instanceof Exited(int code) && code == 0;
  }

  /** Whether SIGKILL ended it, or, as a shell tells it, a child that it ran. */
  default boolean isKill() {
    return switch (this) {
      case Exited(int code) -> code == 128 + Signals.SIGKILL;
      case Killed(int signal, boolean _) -> signal == Signals.SIGKILL;
    };
  }

  /** Decodes the status word of wait4(2). */
  static ExitStatus ofWaitStatus(int status) {
    int signal = status & 0x7f;
    return signal == 0
        ? new Exited((status >> 8) & 0xff)
        : new Killed(signal, (status & 0x80) != 0);
  }
}
