package com.circleci.runnerinit.cmd;

import com.circleci.runnerinit.health.ListenAddress;
import com.circleci.runnerinit.log.LogFormat;
import com.circleci.runnerinit.task.SignalPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the command line and the environment ask for. */
sealed interface Invocation {
  /**
   * Print help.
   *
   * @param command empty: for the program as a whole
   */
  record Help(Optional<CommandLine.Command> command) implements Invocation {}

  record Version() implements Invocation {}

  /**
   * Copy the binaries.
   *
   * @param source maybe relative to the working directory, as is the destination
   */
  record Init(String source, String destination, Duration shutdownDelay, LogFormat logFormat)
      implements Invocation {}

  /**
   * Hand over to a custom init process.
   *
   * @param entrypoint the program and its own arguments, which come before the orchestrator's
   * @param passedOn the flags that were given, for run-task
   * @param config a configuration that was given by flag; it is passed on where no process list
   *     shows it
   */
  record HandOver(
      List<String> entrypoint, List<String> passedOn, Optional<String> config, LogFormat logFormat)
      implements Invocation {
    /** Without the configuration, which holds the token. */
    @Override
    public String toString() {
      return "HandOver[entrypoint=" + entrypoint + "]";
    }
  }

  /**
   * Run the task.
   *
   * @param stopSignals those that mean what SIGTERM means, beside it
   */
  record RunTask(
      String config,
      Duration shutdownDelay,
      Duration gracePeriod,
      SignalPolicy signalPolicy,
      Set<Integer> stopSignals,
      ListenAddress healthAddress,
      LogFormat logFormat)
      implements Invocation {
    /** Without the configuration, which holds the token. */
    @Override
    public String toString() {
      return "RunTask[healthAddress=" + healthAddress + "]";
    }
  }
}
