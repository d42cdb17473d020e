package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** All the memory that the virtual machine has, while no other test wants any. */
@InAContainer
@Isolated
@Tag("guest")
class NodeMemoryTest {
  private static final long GIB = 1024 * 1024 * 1024;

  @Test
  void shouldNotBlameTheContainersLimitForTheShortageOfTheNode(Scenario given) {
    given.proc().controlGroups().limitMemory(4 * GIB);

    assertThat(KernelMemoryTest.message(given, ResourcesTest.useUpMemory(given, 17 * GIB / 16)))
        .contains("the kernel killed 1 process, for the Pod or the node was short of memory");
  }
}
