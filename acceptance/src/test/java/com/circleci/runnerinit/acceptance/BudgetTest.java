package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.google.errorprone.annotations.FormatMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What it costs: a line each, to be read and not to be asserted on a busy machine. */
@InAContainer
@Isolated
class BudgetTest {

  @Test
  void shouldSayHowLargeTheExecutableIs() throws IOException {
    budget("executable size %.1f MB", Files.size(Executables.orchestrator()) / 1e6);
  }

  @Test
  void shouldSayHowLongItTakesFromStartToExit() throws Exception {
    var batches = new double[11];
    for (var i = 0; i < batches.length; i++) {
      batches[i] = millisecondsOfOneStart();
    }
    budget("--version start to exit %.1f ms (median)", median(batches));
  }

  @Test
  void shouldSayHowMuchMemoryItTakesWhileATaskRuns(Scenario given) {
    given.agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/started");
    for (var i = 0; i < 20; i++) {
      container.probe().get("/live");
    }

    var orchestrator = container.orchestrator();
    budget(
        "resident memory while a task runs %.1f MB, of it anonymous %.1f MB",
        orchestrator.residentBytes() / 1e6, orchestrator.anonymousBytes() / 1e6);

    given.root().file("/out/end", "");
    assertThat(container.exitCode()).isZero();
  }

  @Test
  void shouldSayHowLongItOutlivesTheTask(Scenario given) {
    given.agent("time=/out/end");
    var delays =
        IntStream.range(0, 21)
            .mapToDouble(_ -> {
              var container = given.runTask();
              assertThat(container.exitCode()).isZero();
              return (container.endedAt() - Long.parseLong(given.root().read("/out/end"))) / 1e6;
            });
    budget("agent exit to container exit %.1f ms (median)", median(delays.toArray()));
  }

  @Test
  void shouldSayHowSoonTheTaskStarts(Scenario given) {
    given.agent("main-at=/out/began");
    var delays =
        IntStream.range(0, 21)
            .mapToDouble(_ -> {
              var start = System.nanoTime();
              assertThat(given.runTask().exitCode()).isZero();
              return (Long.parseLong(given.root().read("/out/began")) - start) / 1e6;
            });
    budget("container start to the agent's main %.1f ms (median)", median(delays.toArray()));
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

  private static double median(double[] values) {
    return DoubleStream.of(values).sorted().skip(values.length / 2).findFirst().orElseThrow();
  }

  @FormatMethod
  private static void budget(String format, Object... figures) {
    System.out.println("budget: " + String.format(Locale.ROOT, format, figures));
  }
}
