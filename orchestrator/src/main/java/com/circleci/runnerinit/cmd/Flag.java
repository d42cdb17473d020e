package com.circleci.runnerinit.cmd;

import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The flags, each with the variable that stands in for it and what the help says of it. */
enum Flag {
  HELP(
      """
        -h, --help                 Show this help.
      """),
  VERSION(
      """
        -v, --version              Print the version and quit ($CIRCLECI_GOAT_VERSION).
      """),
  SHUTDOWN_DELAY(
      """
            --shutdown-delay=0s    After SIGTERM or SIGINT, wait this long before the shutdown
                                   begins ($CIRCLECI_GOAT_SHUTDOWN_DELAY).
      """),
  LOG_FORMAT(
      """
            --log-format=text      Write log lines as text or json ($CIRCLECI_GOAT_LOG_FORMAT).
      """),
  TERMINATION_GRACE_PERIOD(
      """
            --termination-grace-period=10s
                                   How long the task agent may go on after the shutdown began
                                   ($CIRCLECI_GOAT_TERMINATION_GRACE_PERIOD).
      """),
  HEALTH_CHECK_ADDR(
      """
            --health-check-addr=":7623"
                                   Address that the health checks listen on
                                   ($CIRCLECI_GOAT_HEALTH_CHECK_ADDR).
      """),
  SIGNAL_POLICY(
      """
            --signal-policy=drain  On SIGTERM or SIGINT, drain: let the task agent finish; or
                                   forward: signal it at once ($CIRCLECI_GOAT_SIGNAL_POLICY).
      """),
  STOP_SIGNAL(
      """
            --stop-signal=SIGNAL,...
                                   Further signals that mean what SIGTERM means, for an image
                                   with a STOPSIGNAL ($CIRCLECI_GOAT_STOP_SIGNAL).
      """),
  /** Hidden: on a command line, every process of the container could read the token. */
  CONFIG(""),
  ENTRYPOINT(
      """
            --entrypoint=ENTRYPOINT,...
                                   The custom init process and its own arguments; a comma in one
                                   is written \\, ($CIRCLECI_GOAT_ENTRYPOINT).
      """);

  private final String help;

  Flag(String help) {
    this.help = help;
  }

  String word() {
    return "--" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  String variable() {
    return "CIRCLECI_GOAT_" + name();
  }

  /** Whether a word, less its value, names it; {@code -hv} names two. */
  boolean isIn(String word) {
    return word.equals(word())
        || (!takesValue() && word.matches("-[hv]+") && word.indexOf(word().charAt(2)) > 0);
  }

  boolean takesValue() {
    return this != HELP && this != VERSION;
  }

  boolean isHidden() {
    return help.isEmpty();
  }

  boolean isOf(Command command) {
    return switch (this) {
      case HELP, VERSION, SHUTDOWN_DELAY, LOG_FORMAT -> true;
      case ENTRYPOINT -> command == Command.OVERRIDE;
      case TERMINATION_GRACE_PERIOD, HEALTH_CHECK_ADDR, SIGNAL_POLICY, STOP_SIGNAL, CONFIG ->
          command != Command.INIT;
    };
  }

  /** What the help of a command says of its flags. */
  static String helpOf(Command command) {
    return Stream.of(values())
        .filter(flag -> flag.isOf(command))
        .map(flag -> flag.help)
        .collect(Collectors.joining("", "\nFlags:\n", ""));
  }
}
