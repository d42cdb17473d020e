package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Budget;
import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What it costs: a line each, to be read, and a limit that fails when it is passed. Size and memory
 * are the same on every machine, so their limits are tight; those of times are wide enough for a
 * busy one. {@code ./do bench} has the ratios.
 */
@Tag("image")
@InAContainer
@Isolated
class BudgetTest {
  /** Lower them when there is less. */
  private static final double EXECUTABLE_MEGABYTES = 18.6;

  private static final double RESIDENT_MEGABYTES = 13;
  private static final double ANONYMOUS_MEGABYTES = 1.5;

  private static final double VERSION_MILLISECONDS = 10;
  private static final double START_MILLISECONDS = 20;

  /** From the agent's exit to the container's, with nothing to wait for. */
  private static final double EXIT_MILLISECONDS = 20;

  /** Step 4 of the order of the end, docs/task-flow.md. */
  private static final double SILENCE_MILLISECONDS = 100;

  private static final double DRAIN_MILLISECONDS = 1000;

  @Test
  void shouldBeSmall() throws IOException {
    var megabytes = Files.size(Executables.orchestrator()) / 1e6;
    Budget.say("executable size %.2f MB", megabytes);
    assertThat(megabytes).isLessThanOrEqualTo(EXECUTABLE_MEGABYTES);
  }

  @Test
  void shouldStartAndExitSoon() throws Exception {
    var batches = new double[11];
    for (var i = 0; i < batches.length; i++) {
      batches[i] = millisecondsOfOneStart();
    }
    Budget.say("--version start to exit %.1f ms (median)", Budget.median(batches));
    assertThat(Budget.median(batches)).isLessThanOrEqualTo(VERSION_MILLISECONDS);
  }

  @Test
  void shouldTakeLittleMemoryWhileATaskRuns(Scenario given) {
    given.notScraped().agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/started");
    for (var i = 0; i < 20; i++) {
      container.probe().get("/live");
    }

    var orchestrator = container.orchestrator();
    Budget.say(
        "resident memory while a task runs %.1f MB, of it anonymous %.1f MB",
        orchestrator.residentBytes() / 1e6, orchestrator.anonymousBytes() / 1e6);
    assertThat(orchestrator.residentBytes() / 1e6).isLessThanOrEqualTo(RESIDENT_MEGABYTES);
    assertThat(orchestrator.anonymousBytes() / 1e6).isLessThanOrEqualTo(ANONYMOUS_MEGABYTES);

    given.root().file("/out/end", "");
    assertThat(container.exitCode()).isZero();
  }

  /** No end is waited for that can be known: a task that is over costs nobody any time. */
  @ParameterizedTest
  @CsvSource({
    "PID_1, no-read-stdin, nothing left",
    "SUBREAPER, no-read-stdin, nothing left",
    "PID_1, hold-stderr=600000, a grandchild holds stderr",
    "SUBREAPER, hold-stderr=600000, a grandchild holds stderr"
  })
  void shouldNotOutliveTheTask(Place place, String verb, String what, Scenario given) {
    place.in(given).notScraped().agent(verb, "time=/out/end");
    var delays =
        IntStream.range(0, 21)
            .mapToDouble(_ -> {
              assertThat(given.runTask().exitCode()).isZero();
              return millisecondsAfterTheTask(given);
            })
            .toArray();

    Budget.say(
        "agent exit to container exit %.1f ms (median; %s, %s)",
        Budget.median(delays), place.name().toLowerCase(Locale.ROOT), what);
    assertThat(Budget.median(delays)).isLessThanOrEqualTo(EXIT_MILLISECONDS);
  }

  /** A process that is not the task's, and can't be killed, is one of the host's. */
  @Test
  void shouldWaitForAStrangerThatHoldsStderrForTheSilenceLimitAtMost(Scenario given) {
    given.notScraped().agent("touch=/out/started", "wait-file=/out/go", "time=/out/end");
    var delays =
        IntStream.range(0, 7).mapToDouble(_ -> millisecondsBesideAStranger(given, false)).toArray();

    Budget.say(
        "agent exit to container exit %.1f ms (median; a stranger holds stderr)",
        Budget.median(delays));
    assertThat(Budget.median(delays)).isLessThanOrEqualTo(SILENCE_MILLISECONDS + EXIT_MILLISECONDS);
  }

  @Test
  void shouldWaitForAStrangerThatWritesOnForTheDrainLimitAtMost(Scenario given) {
    given.notScraped().agent("touch=/out/started", "wait-file=/out/go", "time=/out/end");

    var delays =
        IntStream.range(0, 3).mapToDouble(_ -> millisecondsBesideAStranger(given, true)).toArray();

    assertThat(Budget.median(delays))
        .isGreaterThan(SILENCE_MILLISECONDS)
        .isLessThanOrEqualTo(DRAIN_MILLISECONDS + EXIT_MILLISECONDS);
  }

  @Test
  void shouldStartTheTaskSoon(Scenario given) {
    given.notScraped().agent("main-at=/out/began");
    var delays =
        IntStream.range(0, 21)
            .mapToDouble(_ -> {
              var start = System.nanoTime();
              assertThat(given.runTask().exitCode()).isZero();
              return (Long.parseLong(given.root().read("/out/began")) - start) / 1e6;
            })
            .toArray();
    Budget.say("container start to the agent's main %.1f ms (median)", Budget.median(delays));
    assertThat(Budget.median(delays)).isLessThanOrEqualTo(START_MILLISECONDS);
  }

  private static double millisecondsAfterTheTask(Scenario given) {
    return (given.endedAt() - Long.parseLong(given.root().read("/out/end"))) / 1e6;
  }

  private static double millisecondsBesideAStranger(Scenario given, boolean writesOn) {
    var container = given.runTask();
    given.root().awaitFile("/out/started").remove("/out/started");
    var agent = container.living("circleci-agent").getFirst();
    try (var held = new FileOutputStream("/proc/%d/fd/2".formatted(agent.pid()))) {
      given.root().file("/out/go", "");
      while (writesOn && !container.ended()) {
        held.write('.');
        LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
      }
      assertThat(container.exitCode()).isZero();
    } catch (IOException e) {
      // The last reader is gone, and the container with it.
      assertThat(container.exitCode()).isZero();
    }
    given.root().remove("/out/go");
    return millisecondsAfterTheTask(given);
  }

  /** Ten in a row by a shell, whose fork costs less than that of a JVM. */
  private static double millisecondsOfOneStart() throws IOException, InterruptedException {
    var loop = "for i in 1 2 3 4 5 6 7 8 9 10; do \"$0\" --version; done";
    var start = System.nanoTime();
    var shell =
        new ProcessBuilder(List.of("/bin/sh", "-c", loop, Executables.orchestrator().toString()))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(shell.waitFor()).isZero();
    return (System.nanoTime() - start) / 1e6 / 10;
  }
}
