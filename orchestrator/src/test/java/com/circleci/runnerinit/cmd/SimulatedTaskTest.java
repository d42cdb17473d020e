package com.circleci.runnerinit.cmd;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.cmd.Simulation.Happening;
import com.circleci.runnerinit.task.ExitCode;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulatedTaskTest {
  @Test
  void shouldRunATaskToItsEnd() {
    Simulation task =
        new Simulation()
            .script(t -> List.of(new Happening("exit", () -> t.agent().orElseThrow().exit(0))))
            .runTask();
    System.out.println(task.log() + task.errors() + task.kernel().trace());
    assertThat(task.exit()).isEqualTo(ExitCode.HANDLED);
  }
}
