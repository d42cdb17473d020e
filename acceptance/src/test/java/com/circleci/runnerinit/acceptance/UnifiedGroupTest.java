package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Control groups of version 2, as files of the same names and forms. {@link ResourcesTest} and
 * {@link KernelMemoryTest} have real ones.
 */
@InAContainer
class UnifiedGroupTest {
  private static final String GROUP = "/sys/fs/cgroup/";
  private static final String EVENTS = GROUP + "memory.events";
  private static final long MIB = 1024 * 1024;

  @Test
  void shouldSumUpWhatTheGroupTells(Scenario given) {
    limited(given)
        .root()
        .file(GROUP + "memory.peak", "400000000\n")
        .file(GROUP + "pids.peak", "77\n")
        .file(GROUP + "cpu.stat", "usage_usec 1000000\nuser_usec 5\nthrottled_usec 500000\n");
    given.agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask();
    // From then on, the processor's time is the task's.
    container.stdout().awaitEvent("task agent started");
    given
        .root()
        .file(GROUP + "cpu.stat", "usage_usec 3250000\nuser_usec 9\nthrottled_usec 750000\n")
        .file("/out/end", "");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().events("task ended"))
        .singleElement()
        .satisfies(line ->
            assertThat(line.fields())
                .containsEntry("app.cpu_seconds", "2.250")
                .containsEntry("app.cpu_throttled_seconds", "0.750")
                .containsEntry("app.memory_limit_bytes", Long.toString(512 * MIB))
                .containsEntry("app.memory_peak_bytes", "400000000")
                .containsEntry("app.oom_kills", "0")
                .containsEntry("app.processes_peak", "77"));
  }

  @Test
  void shouldCountTheKillsSinceTheBeginning(Scenario given) {
    limited(given).root().file(EVENTS, "oom 9\noom_kill 5\noom_group_kill 0\n");

    assertThat(messageAfter(given, "oom 10\noom_kill 7\noom_group_kill 0\n", "die=KILL"))
        .contains(
            "signal: killed: out of memory (OOM): the kernel killed 2 processes at the memory"
                + " limit of 512 MiB: Check container logs");
  }

  @Test
  void shouldNameTheKillOfWhatAShellRan(Scenario given) {
    limited(given);

    assertThat(messageAfter(given, "oom_kill 1\n", "exit=137"))
        .contains("exit status 137: out of memory (OOM)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"exit=1", "die=TERM", "exit=143"})
  void shouldNotBlameTheMemoryForAnotherEnd(String verb, Scenario given) {
    limited(given);

    assertThat(messageAfter(given, "oom_kill 1\n", verb)).doesNotContain("memory");
  }

  @Test
  void shouldNotBlameTheMemoryForAKillOfSomebodyElse(Scenario given) {
    limited(given).root().file(EVENTS, "oom_kill 5\n");

    assertThat(messageAfter(given, "oom_kill 5\n", "die=KILL")).doesNotContain("memory");
  }

  @Test
  void shouldWarnWhenWhatCannotBeReclaimedPassesTheShare(Scenario given) {
    limited(given)
        .root()
        .file(GROUP + "memory.current", Long.toString(500 * MIB))
        .file(GROUP + "memory.stat", "anon 1\nactive_file 10\ninactive_file 20\n");
    given.agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask();

    assertThat(container.stdout().awaitEvent("memory is nearly used up").fields())
        .containsEntry("app.memory_in_use_bytes", Long.toString(500 * MIB - 30))
        .containsEntry("app.memory_limit_bytes", Long.toString(512 * MIB));
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "max\n", "nonsense\n", "-5\n", "\0\0"})
  void shouldBearAnyTextInTheFiles(String text, Scenario given) {
    limited(given);
    for (var file :
        new String[] {"memory.max", "memory.events", "memory.current", "cpu.stat", "pids.peak"}) {
      given.root().file(GROUP + file, text);
    }
    given.agent("die=KILL");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().events("task ended"))
        .singleElement()
        .satisfies(line ->
            assertThat(line.fields())
                .containsOnlyKeys("app.duration_seconds", "app.exit", "app.orphans_reaped"));
  }

  private static Scenario limited(Scenario given) {
    given
        .root()
        .file(GROUP + "cgroup.controllers", "cpu memory pids\n")
        .file(GROUP + "memory.max", 512 * MIB + "\n")
        .file(EVENTS, "oom_kill 0\n");
    return given;
  }

  private static String messageAfter(Scenario given, String events, String verb) {
    given.agent("touch=/out/started", "wait-file=/out/end", verb);
    var container = given.runTask();
    given.root().awaitFile("/out/started");
    given.root().file(EVENTS, events).file("/out/end", "");

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls(FAIL)).hasSize(1);
    return given.api().calls(FAIL).getFirst().message();
  }
}
