package com.circleci.runnerinit.cmd;

import java.util.Optional;

/** The commands by their names. */
enum Command {
  INIT("init"),
  OVERRIDE("override"),
  RUN_TASK("run-task");

  private final String word;

  Command(String word) {
    this.word = word;
  }

  String word() {
    return word;
  }

  static Optional<Command> of(String word) {
    for (Command command : values()) {
      if (command.word.equals(word)) {
        return Optional.of(command);
      }
    }
    return Optional.empty();
  }
}
