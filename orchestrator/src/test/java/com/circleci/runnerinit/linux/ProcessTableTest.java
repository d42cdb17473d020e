package com.circleci.runnerinit.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessTableTest {
  @Test
  void shouldReadNameParentAndSize() {
    String status = "Name:\tmy build\nState:\tR (running)\nPPid:\t3\nVmRSS:\t    2048 kB\n";

    assertThat(ProcessTable.parse(7, status))
        .isEqualTo(new ProcessTable.Entry(7, 3, "my build", 2048 * 1024));
  }

  @Test
  void shouldTellAZombieByItsSize() {
    assertThat(ProcessTable.parse(7, "Name:\tsh\nState:\tZ (zombie)\nPPid:\tx\n"))
        .isEqualTo(new ProcessTable.Entry(7, 0, "sh", 0));
  }

  @Test
  void shouldFindNoneWhereThereIsNoProc() {
    assertThat(ProcessTable.read(Kernel.of(new SimulatedKernel()).files())).isEmpty();
  }
}
