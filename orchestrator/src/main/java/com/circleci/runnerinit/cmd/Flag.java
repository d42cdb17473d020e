package com.circleci.runnerinit.cmd;

import java.util.Optional;

/** The flags, each with the variable that stands in for it and the commands that know it. */
enum Flag {
  SHUTDOWN_DELAY("shutdown-delay"),
  LOG_FORMAT("log-format"),
  ENTRYPOINT("entrypoint"),
  TERMINATION_GRACE_PERIOD("termination-grace-period"),
  HEALTH_CHECK_ADDR("health-check-addr"),
  SIGNAL_POLICY("signal-policy"),
  CONFIG("config");

  private final String word;

  Flag(String word) {
    this.word = word;
  }

  String word() {
    return word;
  }

  String variable() {
    return "CIRCLECI_GOAT_" + name();
  }

  boolean isOf(Command command) {
    return switch (this) {
      case SHUTDOWN_DELAY, LOG_FORMAT -> true;
      case ENTRYPOINT -> command == Command.OVERRIDE;
      case TERMINATION_GRACE_PERIOD, HEALTH_CHECK_ADDR, SIGNAL_POLICY, CONFIG ->
          command == Command.RUN_TASK || command == Command.OVERRIDE;
    };
  }

  static Optional<Flag> of(String word) {
    for (Flag flag : values()) {
      if (flag.word.equals(word)) {
        return Optional.of(flag);
      }
    }
    return Optional.empty();
  }
}
