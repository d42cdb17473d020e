package com.circleci.runnerinit.cmd;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.health.ListenAddress;
import com.circleci.runnerinit.log.LogFormat;
import com.circleci.runnerinit.task.SignalPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What the command line and the environment ask for. */
sealed interface Invocation {
  /**
   * Print help.
   *
   * @param command empty: for the program as a whole
   */
  record Help(Optional<Command> command) implements Invocation {
    public Help {
      requireNonNull(command, "command is null");
    }
  }

  record Version() implements Invocation {}

  record Init(String source, String destination, Duration shutdownDelay, LogFormat logFormat)
      implements Invocation {
    public Init {
      requireNonNull(source, "source is null");
      requireNonNull(destination, "destination is null");
      requireNonNull(shutdownDelay, "shutdownDelay is null");
      requireNonNull(logFormat, "logFormat is null");
    }
  }

  /**
   * Hand over to a custom init process.
   *
   * @param passedOn the flags that were given, for run-task
   * @param config a configuration that was given by flag; it is passed on where no process list
   *     shows it
   */
  record HandOver(
      List<String> entrypoint, List<String> passedOn, Optional<String> config, LogFormat logFormat)
      implements Invocation {
    public HandOver {
      entrypoint = List.copyOf(entrypoint);
      passedOn = List.copyOf(passedOn);
      requireNonNull(config, "config is null");
      requireNonNull(logFormat, "logFormat is null");
    }

    /** Without the configuration, which holds the token. */
    @Override
    public String toString() {
      return "HandOver[entrypoint=" + entrypoint + "]";
    }
  }

  record RunTask(
      String config,
      Duration shutdownDelay,
      Duration gracePeriod,
      SignalPolicy signalPolicy,
      ListenAddress healthAddress,
      LogFormat logFormat)
      implements Invocation {
    public RunTask {
      requireNonNull(config, "config is null");
      requireNonNull(shutdownDelay, "shutdownDelay is null");
      requireNonNull(gracePeriod, "gracePeriod is null");
      requireNonNull(signalPolicy, "signalPolicy is null");
      requireNonNull(healthAddress, "healthAddress is null");
      requireNonNull(logFormat, "logFormat is null");
    }

    /** Without the configuration, which holds the token. */
    @Override
    public String toString() {
      return "RunTask[healthAddress=" + healthAddress + "]";
    }
  }
}
