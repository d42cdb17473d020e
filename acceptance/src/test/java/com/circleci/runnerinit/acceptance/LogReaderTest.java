package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Output;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Answer;
import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.LogLine;
import com.circleci.runnerinit.testing.ScriptedServer;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Whoever reads standard output is slow, late, gone, or was never there. */
@InAContainer
class LogReaderTest {
  private static final String FIFO = "/dev/log-pipe";

  /** What a pipe holds (pipe(7)). */
  private static final int PIPE_BYTES = 65_536;

  @Test
  void shouldReportTheTaskThoughNobodyReads(Scenario given) throws IOException {
    given.stdoutTo(FIFO).agent("exit=1");
    try (var _ = fullPipe(given)) {
      assertThat(given.runTask().exitCode()).isZero();
    }

    assertThat(given.api().calls(FAIL)).hasSize(1);
  }

  @Test
  void shouldLoseNothingWhenTheReaderIsLate(Scenario given) throws IOException {
    given.stdoutTo(FIFO).agent("exit=1");
    var log = new CompletableFuture<Output>();
    try (var pipe = fullPipe(given)) {
      given.api().whenCalled(_ -> log.complete(readOn(given, pipe)));
      assertThat(given.runTask().exitCode()).isZero();
    }
    Await.until("the end of the log", () -> log.join().text().contains(" run-task "));

    var events = log.join().text().substring(PIPE_BYTES).lines().map(LogReaderTest::event).toList();
    assertThat(events)
        .startsWith("starting orchestrator", "server: new-server admin", "task agent started")
        .endsWith("POST /api/v2/task/event/fail", "reported the task as failed", "run-task");
  }

  /**
   * Each attempt writes a line of 120 KB, by the host's name; 1 MiB is kept for a late reader.
   * Whatever becomes of the first call, there is time for a second one.
   */
  @Test
  void shouldCountAndSayWhatDidNotFit(Scenario given) throws IOException {
    given.stdoutTo(FIFO).config().set("task_agent_path", "/missing");
    var asked = new AtomicInteger();
    var ready = new AtomicBoolean();
    try (var proxy =
        ScriptedServer.http(conversation -> {
          if (conversation.next().isPresent()) {
            asked.incrementAndGet();
            Answer.status(ready.get() ? 200 : 500).give(conversation);
          }
        })) {
      given.environment("HTTP_PROXY", proxy.url());
      given.apiBaseUrl("http://" + "x".repeat(120_000) + ".test");
      Container container;
      Output log;
      try (var pipe = fullPipe(given)) {
        container = given.runTask();
        Await.until("more attempts than fit", () -> asked.get() > 11);
        ready.set(true);
        log = readOn(given, pipe);
      }
      var dropped =
          Integer.parseInt(log.awaitEvent("log: lines dropped").fields().get("app.lines"));
      assertThat(container.exitCode()).isZero();
      Await.until("the end of the log", () -> log.text().contains(" run-task "));

      var written =
          log.text()
              .lines()
              .flatMap(line -> LogLine.parse(line).stream())
              .filter(line -> line.event().startsWith("POST "))
              .count();
      assertThat(dropped).isPositive();
      assertThat(asked.get() - written).isEqualTo(dropped);
    }
  }

  @Test
  void shouldGoOnWhenTheReaderIsGone(Scenario given) throws IOException {
    given.root().fifo(FIFO);
    given.prepare("exec >'%s'".formatted(given.root().path(FIFO)));
    given.agent("touch=/out/started", "wait-file=/out/end", "exit=1");
    var container = given.runTask();
    try (var in = new FileInputStream(given.root().path(FIFO).toFile());
        var lines = new BufferedReader(new InputStreamReader(in, UTF_8))) {
      assertThat(lines.readLine()).contains("starting orchestrator");
    }
    given.root().awaitFile("/out/started");
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls(FAIL)).hasSize(1);
  }

  @Test
  void shouldGoOnWithoutAStandardOutput(Scenario given) {
    given.prepare("exec >&-").agent("report=/out/report", "exit=1");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.api().calls(FAIL)).hasSize(1);
    assertThat(given.root().report("/out/report").descriptors()).containsOnlyKeys("0", "1", "2");
  }

  @Test
  void shouldLoseNothingOfAChildThatIsKilled(Scenario given) {
    given.agent("flood-stdout=640000", "die=KILL");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    var lines = container.stdout().lines();
    assertThat(lines.stream().filter(line -> line.matches("(first|flood|last)\\.+")).count())
        .isEqualTo(10_000);
    assertThat(lines.stream().flatMap(line -> LogLine.parse(line).stream()).count())
        .isEqualTo(lines.size() - 10_000);
    assertThat(container.stdout().log().getLast().event()).isEqualTo("run-task");
  }

  /** Held open until it is closed, so that what was written stays in it. */
  private static RandomAccessFile fullPipe(Scenario given) throws IOException {
    var pipe = new RandomAccessFile(given.root().path(FIFO).toFile(), "rw");
    pipe.write("x".repeat(PIPE_BYTES - 1).getBytes(UTF_8));
    pipe.write('\n');
    return pipe;
  }

  /** The reader comes; whoever held the pipe lets go, so that it ends with its writer. */
  private static Output readOn(Scenario given, RandomAccessFile pipe) {
    var log = given.readStdout(FIFO);
    try {
      pipe.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return log;
  }

  private static String event(String line) {
    return LogLine.parse(line).map(LogLine::event).orElse(line);
  }
}
