package com.circleci.runnerinit.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ExitCodeTest {
  @Test
  void shouldTellTheContainerAgentWhetherSomebodyKnows() {
    assertThat(new Outcome.Handled().exitCode().status()).isZero();
    assertThat(new Outcome.Untold(List.of("x")).exitCode().status()).isOne();
    assertThat(ExitCode.USAGE.status()).isEqualTo(80);
  }
}
