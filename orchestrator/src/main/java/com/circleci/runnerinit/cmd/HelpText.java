package com.circleci.runnerinit.cmd;

import com.circleci.runnerinit.cmd.CommandLine.Command;
import java.util.Optional;

/** What {@code --help} prints. */
final class HelpText {
  private static final String COMMON =
      """
        -h, --help                 Show this help.
        -v, --version              Print the version and quit ($CIRCLECI_GOAT_VERSION).
            --shutdown-delay=0s    After SIGTERM or SIGINT, wait this long before the shutdown
                                   begins ($CIRCLECI_GOAT_SHUTDOWN_DELAY).
            --log-format=text      Write log lines as text or json ($CIRCLECI_GOAT_LOG_FORMAT).
      """;

  private static final String TASK =
      """
            --termination-grace-period=10s
                                   How long the task agent may go on after the shutdown began
                                   ($CIRCLECI_GOAT_TERMINATION_GRACE_PERIOD).
            --health-check-addr=":7623"
                                   Address that the health checks listen on
                                   ($CIRCLECI_GOAT_HEALTH_CHECK_ADDR).
            --signal-policy=drain  On SIGTERM or SIGINT, drain: let the task agent finish; or
                                   forward: signal it at once ($CIRCLECI_GOAT_SIGNAL_POLICY).
            --stop-signal=SIGNAL,...
                                   Further signals that mean what SIGTERM means, for an image
                                   with a STOPSIGNAL ($CIRCLECI_GOAT_STOP_SIGNAL).
      """;

  private static final String CONFIGURATION =
      """

      The task's configuration is JSON in $CIRCLECI_GOAT_CONFIG.
      """;

  private HelpText() {}

  static String of(Optional<Command> command, String program) {
    if (command.isEmpty()) {
      return program(program);
    }
    return switch (command.get()) {
      case INIT -> init(program);
      case OVERRIDE -> override(program);
      case RUN_TASK -> runTask(program);
    };
  }

  private static String program(String program) {
    return "Usage: "
        + program
        + " [<command>] [flags]\n"
        + """

        The in-container orchestrator of CircleCI's container runner.

        Commands:
          init [<source> [<destination>]]    Copy the binaries into the shared volume (the default).
          override                           Hand over to a custom init process.
          run-task                           Run the task.

        Flags:
        """
        + COMMON
        + "\nRun \""
        + program
        + " <command> --help\" for more on a command.\n";
  }

  private static String init(String program) {
    return "Usage: "
        + program
        + " init [<source> [<destination>]] [flags]\n"
        + """

        Copies the orchestrator and the task agent into the volume that the task container shares.
        It may be run again: each file is replaced whole.

        Arguments:
          [<source>]               Directory to copy the binaries from ($SOURCE, "/").
          [<destination>]          Directory to copy the binaries to
                                   ($DESTINATION, "/opt/circleci/bin").

        Flags:
        """
        + COMMON;
  }

  private static String override(String program) {
    return "Usage: "
        + program
        + " override --entrypoint=ENTRYPOINT,... [flags]\n"
        + """

        Replaces this process by a custom init process, whose last arguments are the orchestrator's
        own command line: it must run that, pass signals on and reap orphans.

        Flags:
        """
        + COMMON
        + TASK
        + """
              --entrypoint=ENTRYPOINT,...
                                     The custom init process and its own arguments; a comma in one
                                     is written \\, ($CIRCLECI_GOAT_ENTRYPOINT).
        """
        + CONFIGURATION;
  }

  private static String runTask(String program) {
    return "Usage: "
        + program
        + " run-task [flags]\n"
        + """

        Starts the task agent, and the custom entrypoint if there is one, and supervises them.

        Flags:
        """
        + COMMON
        + TASK
        + CONFIGURATION;
  }
}
