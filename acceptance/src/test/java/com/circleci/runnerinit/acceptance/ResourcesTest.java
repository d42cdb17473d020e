package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.LogLine;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The container's resources, in real control groups of this host (spec section 4, "Resources"). */
@InAContainer
@Tag("kernel")
class ResourcesTest {
  private static final long MIB = 1024 * 1024;
  private static final long LIMIT = 64 * MIB;
  private static final String WARNING = "memory is nearly used up";

  @Test
  void shouldSumUpTheTask(Scenario given) {
    given.proc().limitMemory(LIMIT);
    given.agent("allocate=" + 20 * MIB, "orphans=3/30ms", "sleep=50", "exit=0");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().events("task ended"))
        .singleElement()
        .satisfies(line -> {
          assertThat(line.fields())
              .containsEntry("app.exit", "exit status 0")
              .containsEntry("app.cpu_throttled_seconds", "0.000")
              .containsEntry("app.memory_limit_bytes", Long.toString(LIMIT))
              .containsEntry("app.oom_kills", "0")
              .containsEntry("app.orphans_reaped", "3");
          assertThat(decimal(line, "app.cpu_seconds")).isBetween(0.0, 5.0);
          assertThat(decimal(line, "app.duration_seconds")).isBetween(0.08, 5.0);
          if (isPeakCounted(given, line)) {
            assertThat(decimal(line, "app.memory_peak_bytes"))
                .isBetween(20.0 * MIB, (double) LIMIT);
          }
        });
  }

  @Test
  void shouldSumUpWhatItKnowsWithoutAnyControlGroup(Scenario given) {
    given.agent("exit=3");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().events("task ended"))
        .singleElement()
        .satisfies(line ->
            assertThat(line.fields())
                .containsOnlyKeys("app.duration_seconds", "app.exit", "app.orphans_reaped")
                .containsEntry("app.exit", "exit status 3"));
  }

  @Test
  void shouldHaveNoClosingLineOfATaskThatDidNotRun(Scenario given) {
    given.config().set("task_agent_path", "/nowhere/agent");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().events("task ended")).isEmpty();
  }

  /** A JVM takes as much memory as the limit for itself. */
  @Test
  @Tag("image")
  void shouldNameTheOomKillAndItsLimit(Scenario given) {
    given.proc().limitMemory(LIMIT);

    var container = useUpMemory(given, 2 * LIMIT);

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls(FAIL))
        .singleElement()
        .satisfies(call ->
            assertThat(call.message())
                .contains(
                    "unexpected error: signal: killed: out of memory (OOM): the kernel killed"
                        + " 1 process at the memory limit of 64 MiB"));
    assertThat(container.stdout().events("task ended"))
        .singleElement()
        .satisfies(line -> assertThat(line.fields()).containsEntry("app.oom_kills", "1"));
  }

  /** A JVM takes as much memory as the limit for itself. */
  @Test
  @Tag("image")
  void shouldWarnBeforeTheMemoryIsUsedUp(Scenario given) {
    given.proc().limitMemory(LIMIT);
    given.agent("allocate=" + 61 * MIB, "wait-file=/out/end");
    var container = given.runTask();

    container.stdout().awaitEvent(WARNING);
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().events(WARNING))
        .singleElement()
        .satisfies(line -> {
          assertThat(line.fields())
              .containsEntry("app.biggest_process", "circleci-agent")
              .containsEntry("app.memory_limit_bytes", Long.toString(LIMIT))
              .containsKey("warning");
          assertThat(decimal(line, "app.memory_in_use_bytes"))
              .isBetween(0.9 * LIMIT, (double) LIMIT);
          assertThat(decimal(line, "app.biggest_process_bytes")).isGreaterThan(0.9 * LIMIT);
        });
  }

  @Test
  void shouldNotTakeFileCacheForMemoryInUse(Scenario given) {
    given.proc().limitMemory(LIMIT);
    given.agent("fill=/out/large:" + 2 * LIMIT, "touch=/out/filled", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/filled");

    // It looks once a second, by its own clock.
    var begin = uptime(container);
    Await.until("two looks", () -> uptime(container) - begin > 2.1);
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().events("task ended"))
        .singleElement()
        .satisfies(line -> {
          if (isPeakCounted(given, line)) {
            assertThat(decimal(line, "app.memory_peak_bytes")).isGreaterThan(0.9 * LIMIT);
          }
        });
    assertThat(container.stdout().events(WARNING)).isEmpty();
  }

  /**
   * Once the orchestrator is idle: one that needs memory of its own in the moment in which the
   * kernel has written off a killed agent, and not yet freed its huge pages, is killed too.
   */
  static Container useUpMemory(Scenario given, long bytes) {
    given.agent("wait-file=/out/go", "allocate=" + bytes);
    var container = given.runTask();
    container.stdout().awaitEvent("task agent started");
    uptime(container);
    given.root().file("/out/go", "");
    return container;
  }

  /** Kernels before 5.19 don't, in version 2: then nothing is said. */
  private static boolean isPeakCounted(Scenario given, LogLine line) {
    var counted = given.controlGroups().countsPeak();
    assertThat(line.fields().containsKey("app.memory_peak_bytes")).isEqualTo(counted);
    return counted;
  }

  static double uptime(Container container) {
    return container
        .probe()
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("runner_init_uptime_seconds "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
        .findFirst()
        .orElseThrow();
  }

  private static double decimal(LogLine line, String key) {
    return Double.parseDouble(line.fields().getOrDefault(key, "missing"));
  }
}
