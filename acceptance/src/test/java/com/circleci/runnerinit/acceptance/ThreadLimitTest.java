package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** In a container whose limit of threads ({@code pids.max}) leaves none for a task. */
@Tag("image")
@InAContainer
class ThreadLimitTest {
  private static final String WHY = "no thread could be started";

  /** One that the kernel starts, and main. */
  private static final int NONE_FOR_THE_LOG = 2;

  @Test
  void shouldHandTheTaskBackWhenThereIsNoThreadEvenToLogOrToReport(Scenario given) {
    given.limitThreads(NONE_FOR_THE_LOG);
    given.agent("touch=/out/started");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(
            container
                .stdout()
                .awaitEvent("retrying task after encountering a retryable error")
                .fields()
                .get("error"))
        .contains(WHY);
    assertThat(given.root().has("/out/started")).isFalse();
    assertThat(given.api().calls()).hasSize(1);
  }
}
