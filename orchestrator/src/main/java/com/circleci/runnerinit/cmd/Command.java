package com.circleci.runnerinit.cmd;

import java.util.Locale;

/** What the program can be told to do, each with its help. */
enum Command {
  INIT(
      "init [<source> [<destination>]]",
      """
      Copies the orchestrator and the task agent into the volume that the task container shares.
      It may be run again: each file is replaced whole.

      Arguments:
        [<source>]               Directory to copy the binaries from ($SOURCE, "/").
        [<destination>]          Directory to copy the binaries to
                                 ($DESTINATION, "/opt/circleci/bin").
      """),
  OVERRIDE(
      "override --entrypoint=ENTRYPOINT,...",
      """
      Replaces this process by a custom init process, whose last arguments are the orchestrator's
      own command line: it must run that, pass signals on and reap orphans.
      """),
  RUN_TASK(
      "run-task",
      """
      Starts the task agent, and the custom entrypoint if there is one, and supervises them.
      """);

  private final String usage;
  private final String text;

  Command(String usage, String text) {
    this.usage = usage;
    this.text = text;
  }

  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  String help(String program) {
    String end =
        this == INIT ? "" : "\nThe task's configuration is JSON in $CIRCLECI_GOAT_CONFIG.\n";
    return "Usage: " + program + " " + usage + " [flags]\n\n" + text + Flag.helpOf(this) + end;
  }

  static String helpOfAll(String program) {
    return "Usage: "
        + program
        + " [<command>] [flags]\n"
        + """

        The in-container orchestrator of CircleCI's container runner.

        Commands:
          init [<source> [<destination>]]    Copy the binaries into the shared volume (the default).
          override                           Hand over to a custom init process.
          run-task                           Run the task.
        """
        + Flag.helpOf(INIT)
        + "\nRun \""
        + program
        + " <command> --help\" for more on a command.\n";
  }
}
