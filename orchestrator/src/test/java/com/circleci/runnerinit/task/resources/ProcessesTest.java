package com.circleci.runnerinit.task.resources;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.task.resources.MemoryShortage.ProcessSize;
import org.junit.jupiter.api.Test;

class ProcessesTest {
  @Test
  void shouldReadNameAndSize() {
    assertThat(Processes.parse("Name:\tmy build\nState:\tR (running)\nVmRSS:\t    2048 kB\n"))
        .contains(new ProcessSize("my build", 2048 * 1024));
  }

  @Test
  void shouldPassOverAZombie() {
    assertThat(Processes.parse("Name:\tsh\nState:\tZ (zombie)\n")).isEmpty();
  }
}
