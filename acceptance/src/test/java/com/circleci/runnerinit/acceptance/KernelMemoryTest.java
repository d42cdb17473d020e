package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.ControlGroups;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.LogLine;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Whose memory was used up, and that it is said before it is: on real control groups of version 2,
 * so in the guests of {@code ./do test-kernels} alone.
 */
@InAContainer
@Tag("guest")
class KernelMemoryTest {
  private static final long MIB = 1024 * 1024;
  private static final long LIMIT = 64 * MIB;
  private static final String WARNING = "memory is nearly used up";
  private static final String NEARLY = "allocate=" + 61 * MIB;
  private static final String TOO_MUCH = "allocate=" + 2 * LIMIT;

  @Test
  void shouldWarnBeforeItIsKilledAndNameTheContainersLimit(Scenario given) {
    var groups = given.proc().controlGroups().limitMemory(LIMIT);
    var container = growSlowly(given);

    assertThat(message(given, container))
        .contains("the kernel killed 1 process at the memory limit of 64 MiB");
    assertThatItIsWhatTheKernelCounts(container, groups);
  }

  @Test
  void shouldNotBlameTheContainersLimitForTheShortageOfThePod(Scenario given) {
    given.proc().controlGroups().limitMemory(4 * LIMIT).limitMemoryOfThePod(LIMIT);

    assertThat(message(given, ResourcesTest.useUpMemory(given, 2 * LIMIT)))
        .contains("the kernel killed 1 process, for the Pod or the node was short of memory");
  }

  @Test
  void shouldFollowALimitThatIsChangedWhileTheTaskRuns(Scenario given) {
    var groups = given.proc().controlGroups().limitMemory(4 * LIMIT);
    given.agent(NEARLY, "touch=/out/grown", "wait-file=/out/go", TOO_MUCH);
    var container = given.runTask();
    given.root().awaitFile("/out/grown");
    assertThat(container.stdout().events(WARNING)).isEmpty();
    groups.limitMemory(66 * MIB);
    assertThat(container.stdout().awaitEvent(WARNING).fields())
        .containsEntry("app.memory_limit_bytes", Long.toString(66 * MIB));
    groups.limitMemory(LIMIT + 4 * MIB);
    given.root().file("/out/go", "");

    assertThat(message(given, container)).contains("at the memory limit of 68 MiB");
  }

  @Test
  void shouldKnowTheLimitAboveTheGroupOfItsOwn(Scenario given) {
    given.proc().controlGroups().limitMemory(LIMIT).beginIn("init");
    var container = growSlowly(given);

    assertThat(message(given, container))
        .contains("the kernel killed 1 process at the memory limit of 64 MiB");
    assertThat(container.stdout().events("task ended"))
        .singleElement()
        .satisfies(
            line -> assertThat(line.fields()).containsEntry("app.memory_limit_bytes", "" + LIMIT));
  }

  /** As docker-in-docker: PID 1 in one group, the build in another, and all killed at once. */
  @Test
  void shouldWarnOfMemoryThatIsUsedBesideItsGroupBeforeAllAreKilled(Scenario given) {
    var groups =
        given.proc().controlGroups().limitMemory(LIMIT).writable().beginIn("init").below("docker");
    groups.set("memory.oom.group", "1");
    given.agent(
        "touch=/out/started", "wait-file=/out/moved", NEARLY, "wait-file=/out/go", TOO_MUCH);
    var container = given.runTask();
    moveAgent(given, container, groups, "docker");
    container.stdout().awaitEvent(WARNING);
    given.root().file("/out/go", "");

    assertThat(container.exitCode()).isNotZero();
    container.kill();
  }

  @Test
  void shouldKnowALimitWithinTheContainerFromTheContainers(Scenario given) {
    var groups =
        given.proc().controlGroups().limitMemory(4 * LIMIT).beginIn("init").below("docker");
    given.agent("touch=/out/started", "wait-file=/out/moved", TOO_MUCH);
    var container = given.runTask();
    given.root().awaitFile("/out/started");
    groups.set("docker/memory.max", "" + LIMIT);
    moveAgent(given, container, groups, "docker");

    assertThat(message(given, container))
        .contains(
            "the kernel killed 1 process at a memory limit that was set within the container");
  }

  @Test
  void shouldSayNoNumberWhenAWholeGroupWasKilled(Scenario given) {
    var groups =
        given.proc().controlGroups().limitMemory(4 * LIMIT).beginIn("init").below("docker");
    given.agent("touch=/out/started", "wait-file=/out/moved", "fork-bomb=2", TOO_MUCH);
    var container = given.runTask();
    given.root().awaitFile("/out/started");
    groups.set("docker/memory.max", "" + LIMIT).set("docker/memory.oom.group", "1");
    moveAgent(given, container, groups, "docker");

    assertThat(message(given, container)).contains("the kernel killed processes at a memory limit");
    assertThat(container.stdout().events("task ended"))
        .singleElement()
        .satisfies(line -> assertThat(line.fields()).doesNotContainKey("app.oom_kills"));
  }

  @Test
  void shouldNotWarnWhileThereIsSwapSpace(Scenario given) {
    given.proc().controlGroups().limitMemory(LIMIT).set("memory.swap.max", "" + 2 * LIMIT);
    given.agent("allocate=" + 80 * MIB, "touch=/out/grown", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/grown");
    var begin = ResourcesTest.uptime(container);
    Await.until("two looks", () -> ResourcesTest.uptime(container) - begin > 2.1);
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().events(WARNING)).isEmpty();
  }

  @Test
  void shouldTellOfAllTheTimeThatTheContainerHadToWaitForItsProcessor(Scenario given) {
    var groups = given.proc().controlGroups().set("cpu.max", "5000 100000");
    given.agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/started");
    var before = line(groups.read("cpu.stat"), "throttled_usec");
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
    var ended = container.stdout().events("task ended").getFirst();
    assertThat(before).isPositive();
    assertThat(decimal(ended, "app.cpu_throttled_seconds") + 0.001)
        .isBetween(before / 1e6, line(groups.read("cpu.stat"), "throttled_usec") / 1e6);
  }

  private static Container growSlowly(Scenario given) {
    given.agent(NEARLY, "wait-file=/out/go", TOO_MUCH);
    var container = given.runTask();
    assertThat(container.stdout().awaitEvent(WARNING).fields())
        .containsEntry("app.biggest_process", "circleci-agent")
        .containsEntry("app.memory_limit_bytes", Long.toString(LIMIT));
    given.root().file("/out/go", "");
    return container;
  }

  private static void moveAgent(
      Scenario given, Container container, ControlGroups groups, String group) {
    given.root().awaitFile("/out/started");
    var agents = container.living(Scenario.TASK_AGENT);
    assertThat(agents).isNotEmpty();
    for (var process : agents) {
      groups.set(group + "/cgroup.procs", Long.toString(process.pid()));
    }
    given.root().file("/out/moved", "");
  }

  static String message(Scenario given, Container container) {
    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls(FAIL)).hasSize(1);
    return given.api().calls(FAIL).getFirst().message();
  }

  /** Each field right, or absent. */
  private static void assertThatItIsWhatTheKernelCounts(Container container, ControlGroups groups) {
    var line = container.stdout().events("task ended").getFirst();
    var events = groups.read("memory.events");
    assertThat(decimal(line, "app.oom_kills")).isEqualTo((double) line(events, "oom_kill"));
    assertThat(decimal(line, "app.cpu_seconds"))
        .isBetween(0.0, line(groups.read("cpu.stat"), "usage_usec") / 1e6);
    for (var figure : List.of("memory_peak_bytes memory.peak", "processes_peak pids.peak")) {
      var names = figure.split(" ", -1);
      if (line.fields().containsKey("app." + names[0])) {
        assertThat(decimal(line, "app." + names[0]))
            .isBetween(2.0, Double.parseDouble(groups.read(names[1])));
      }
    }
  }

  private static long line(String text, String key) {
    return text.lines()
        .filter(line -> line.startsWith(key + " "))
        .mapToLong(line -> Long.parseLong(line.substring(key.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  private static double decimal(LogLine line, String key) {
    return Double.parseDouble(line.fields().getOrDefault(key, "missing"));
  }
}
