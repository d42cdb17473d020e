package com.circleci.runnerinit.task.resources;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.SimulatedKernel;
import org.junit.jupiter.api.Test;

/** Whose limit it was, of what the kernel counts; KernelMemoryTest has real kernels. */
class ResourcesTest {
  private static final String GROUP = "/sys/fs/cgroup/";
  private static final String KILLED = "out of memory (OOM): the kernel killed ";

  private final SimulatedKernel files =
      new SimulatedKernel()
          .file(GROUP + "cgroup.controllers", "memory")
          .file(GROUP + "memory.current", "0\n")
          .file(GROUP + "memory.max", "67108864\n");

  @Test
  void shouldNameTheLimitThatTheMemoryWasUsedUpAt() {
    Resources resources = begin("oom 3\noom_kill 5\noom_group_kill 0\n", "oom 3\n");
    count("oom 4\noom_kill 7\noom_group_kill 0\n", "oom 4\n");

    assertThat(resources.describeOomKills())
        .hasValue(KILLED + "2 processes at the memory limit of 64 MiB");
  }

  @Test
  void shouldNotNameTheLimitWhenTheShortageWasElsewhere() {
    Resources resources = begin("oom 0\noom_kill 0\n", "oom 0\n");
    count("oom 0\noom_kill 1\n", "oom 0\n");

    assertThat(resources.describeOomKills())
        .hasValue(KILLED + "1 process, for the Pod or the node was short of memory");
  }

  @Test
  void shouldKnowALimitFurtherDownFromTheContainers() {
    Resources resources = begin("oom 0\noom_kill 0\n", "oom 0\n");
    count("oom 1\noom_kill 1\n", "oom 0\n");

    assertThat(resources.describeOomKills())
        .hasValue(KILLED + "1 process at a memory limit that was set within the container");
  }

  @Test
  void shouldKnowALimitFurtherUp() {
    files
        .file("/proc/self/cgroup", "0::/init\n")
        .file(GROUP + "init/memory.max", "max\n")
        .file(GROUP + "init/memory.events.local", "oom 0\n");
    Resources resources = begin("oom 0\noom_kill 0\n", "oom 0\n");
    count("oom 1\noom_kill 1\n", "oom 1\n");

    assertThat(resources.describeOomKills())
        .hasValue(KILLED + "1 process at the memory limit of 64 MiB");
  }

  @Test
  void shouldSayNoNumberOfTheKillsOfAWholeGroup() {
    Resources resources = begin("oom 0\noom_kill 0\noom_group_kill 0\n", "oom 0\n");
    count("oom 1\noom_kill 3\noom_group_kill 1\n", "oom 0\n");

    assertThat(resources.describeOomKills())
        .hasValue(KILLED + "processes at a memory limit that was set within the container");
  }

  @Test
  void shouldCountWhatEachGroupCountsForItself() {
    files
        .file("/proc/self/mounts", "cgroup2 /sys/fs/cgroup cgroup2 ro,memory_localevents 0 0\n")
        .file(GROUP + "build/memory.events", "oom 0\noom_kill 0\n");
    Resources resources = begin("oom 0\noom_kill 0\n", "oom 0\n");
    count("oom 1\noom_kill 0\n", "oom 1\n");
    files.file(GROUP + "build/memory.events", "oom 0\noom_kill 1\n");

    assertThat(resources.describeOomKills())
        .hasValue(KILLED + "1 process at the memory limit of 64 MiB");
  }

  @Test
  void shouldSayNothingWhenNothingWasKilled() {
    Resources resources = begin("oom 1\noom_kill 1\n", "oom 1\n");

    assertThat(resources.describeOomKills()).isEmpty();
  }

  private Resources begin(String events, String local) {
    count(events, local);
    return new Resources(Kernel.of(files));
  }

  private void count(String events, String local) {
    files.file(GROUP + "memory.events", events).file(GROUP + "memory.events.local", local);
  }
}
