package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A container with {@code tty: true}. */
@InAContainer
@Tag("kernel")
class TerminalTest {

  /** The kernel stops who sets or reads it from the background: SIGTTOU, SIGTTIN. */
  @Test
  void shouldLetTheTaskUseItsTerminal(Scenario given) {
    var terminal = given.terminal();
    given.agent("ask-terminal");
    var container = given.runTask();

    terminal.type("the answer");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines()).contains("the answer");
  }
}
