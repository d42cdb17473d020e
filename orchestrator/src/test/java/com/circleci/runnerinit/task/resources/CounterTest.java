package com.circleci.runnerinit.task.resources;

import static com.circleci.runnerinit.task.resources.ControlGroup.Version.LEGACY;
import static com.circleci.runnerinit.task.resources.ControlGroup.Version.UNIFIED;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CounterTest {
  @Test
  void shouldTakeAWholeFileForTheNumber() {
    assertThat(Counter.MEMORY_LIMIT.in(UNIFIED).find("536870912\n")).hasValue(536870912);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"max\n", "9223372036854771712\n", "-1\n", "", "1 2", "99999999999999999999"})
  void shouldFindNoLimitWhereThereIsNone(String text) {
    assertThat(Counter.MEMORY_LIMIT.in(LEGACY).find(text)).isEmpty();
  }

  @Test
  void shouldFindALineByItsWholeKey() {
    String events = "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 1\n";

    assertThat(Counter.OOM_KILLS.in(UNIFIED).find(events)).hasValue(2);
  }

  @Test
  void shouldFindTheKillsOfALegacyGroup() {
    assertThat(Counter.OOM_KILLS.in(LEGACY).find("oom_kill_disable 0\nunder_oom 0\noom_kill 4\n"))
        .hasValue(4);
  }

  @Test
  void shouldAddUpWhatCanBeReclaimed() {
    String stat = "anon 5\nfile 9\ninactive_file 100\nactive_file 20\nslab_reclaimable 3\n";

    assertThat(Counter.MEMORY_RECLAIMABLE.in(UNIFIED).find(stat)).hasValue(123);
  }

  @Test
  void shouldFindNothingInAFileWithoutTheKey() {
    assertThat(Counter.CPU_THROTTLED.in(UNIFIED).find("usage_usec 12\nuser_usec 7\n")).isEmpty();
  }
}
