package com.circleci.runnerinit.task.resources;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.SimulatedKernel;
import com.circleci.runnerinit.task.resources.ControlGroup.Figure;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControlGroupTest {
  private static final String MOUNT = "/sys/fs/cgroup/";

  @Test
  void shouldTakeAWholeFileForTheNumber() {
    assertThat(unified("memory.max", "536870912\n", Figure.MEMORY_LIMIT)).hasValue(536870912);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"max\n", "9223372036854771712\n", "-1\n", "", "1 2", "99999999999999999999"})
  void shouldFindNoLimitWhereThereIsNone(String text) {
    assertThat(legacy("memory/memory.limit_in_bytes", text, Figure.MEMORY_LIMIT)).isEmpty();
  }

  @Test
  void shouldFindALineByItsWholeKey() {
    String events = "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 1\n";

    assertThat(unified("memory.events", events, Figure.OOM_KILLS)).hasValue(2);
  }

  @Test
  void shouldFindTheKillsOfALegacyGroup() {
    String control = "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n";

    assertThat(legacy("memory/memory.oom_control", control, Figure.OOM_KILLS)).hasValue(4);
  }

  @Test
  void shouldAddUpWhatCanBeReclaimed() {
    String stat = "anon 5\nfile 9\ninactive_file 100\nactive_file 20\nslab_reclaimable 3\n";

    assertThat(unified("memory.stat", stat, Figure.MEMORY_RECLAIMABLE)).hasValue(123);
  }

  @Test
  void shouldTellTimesInNanosecondsWhateverTheFileCounts() {
    String stat = "usage_usec 12\nuser_usec 7\n";

    assertThat(unified("cpu.stat", stat, Figure.CPU_TIME)).hasValue(12_000);
    assertThat(unified("cpu.stat", stat, Figure.CPU_THROTTLED)).isEmpty();
    assertThat(legacy("cpuacct/cpuacct.usage", "12\n", Figure.CPU_TIME)).hasValue(12);
  }

  @Test
  void shouldReadTheGroupBelowTheMountWhereItIsToBeSeen() {
    SimulatedKernel kernel =
        new SimulatedKernel()
            .file(MOUNT + "cgroup.controllers", "memory")
            .file(MOUNT + "pod/memory.max", "7\n")
            .file("/proc/self/cgroup", "0::/pod\n");

    assertThat(read(kernel, Figure.MEMORY_LIMIT)).hasValue(7);
  }

  @Test
  void shouldKnowThePathOfEachController() {
    assertThat(ControlGroup.parseMembership("5:cpu,cpuacct:/a\n4:memory:/b:c\n0::/unified\n"))
        .isEqualTo(Map.of("cpu", "/a", "cpuacct", "/a", "memory", "/b:c", "", "/unified"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0::/../sibling", "0::relative", "nonsense", "0:", "\n\n"})
  void shouldTakeNoPathFromWhatIsNone(String text) {
    assertThat(ControlGroup.parseMembership(text)).isEmpty();
  }

  private static OptionalLong unified(String file, String text, Figure figure) {
    return read(
        new SimulatedKernel().file(MOUNT + "cgroup.controllers", "").file(MOUNT + file, text),
        figure);
  }

  private static OptionalLong legacy(String file, String text, Figure figure) {
    return read(
        new SimulatedKernel().file(MOUNT + "memory/x", "").file(MOUNT + file, text), figure);
  }

  private static OptionalLong read(SimulatedKernel kernel, Figure figure) {
    return ControlGroup.wayUp(Kernel.of(kernel).files()).getFirst().read(figure);
  }
}
