package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static com.circleci.runnerinit.testing.Route.UNCLAIM;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.FaultTable.Outcome;
import com.circleci.runnerinit.acceptance.FaultTable.Row;
import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.Fault;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.acceptance.harness.TracedCall;
import com.circleci.runnerinit.acceptance.harness.Tracer;
import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.ProcessView;
import com.circleci.runnerinit.testing.Route;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a whole task comes to when the kernel refuses something: each row of
 * docs/reference/faults.md, with a task that goes well and one that fails. {@link Tracer} says how
 * the faults are made.
 */
@Tag("image")
@InAContainer
class SystemCallFaultTest {
  static final String READY = "/opt/circleci/status/ready";

  static final List<String> MEMORY = List.of("mmap", "mprotect", "mremap", "munmap", "brk");
  private static final String SAID = "it says this";
  private static final String STARTED = "/out/started";
  private static final String PROBED = "/out/probed";
  private static final String DONE = "/out/done";

  enum Task {
    GOOD("touch=" + DONE),
    FAILING("exit=3");

    final String end;

    Task(String end) {
      this.end = end;
    }
  }

  /** Those that take long come first, so that the others run beside them. */
  static Stream<Arguments> rows() {
    return FaultTable.read().stream()
        .sorted((a, b) -> Boolean.compare(takesLong(b), takesLong(a)))
        .flatMap(row -> tasks(row).map(task -> Arguments.of(row, task)));
  }

  private static boolean takesLong(Row row) {
    return row.outcome() == Outcome.UNTOLD || row.place() == FaultPlace.KILL;
  }

  /** A task that does not begin can't go well, and one that goes well is not reported. */
  private static Stream<Task> tasks(Row row) {
    return row.outcome().goesOn() && !row.place().isInReporting()
        ? Stream.of(Task.values())
        : Stream.of(Task.FAILING);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void shouldComeToWhatThePageSays(Row row, Task task, Scenario given) {
    prepare(given, task, "wait-file=" + PROBED);
    var alive = agentsAliveWhenCalled(given);

    var traced = given.runTracedTask(orchestrator -> Optional.of(fault(row, given, orchestrator)));
    var container = traced.container();
    Await.until("the agent, or the end", () -> given.root().has(STARTED) || container.ended());
    var live = CompletableFuture.supplyAsync(() -> isLive(container), Thread::startVirtualThread);
    if (given.root().has(STARTED)) {
      // As a kubelet does, which asks again when a connection was lost.
      Await.until("200 on /live", () -> live.join() || isLive(container));
      given.root().file(PROBED, "");
    }
    var exitCode = container.exitCode();

    assertThat(traced.tracer().calls()).anyMatch(TracedCall::failedByTest);
    assertThat(alive).as("agents that lived when the API was called").isEmpty();
    switch (row.outcome()) {
      case GOES_ON -> {
        assertGoesOn(task, exitCode, given);
        assertThat(container.stdout().events("run-task")).hasSize(1);
        assertThat(container.stderr().text().strip()).isEqualTo(SAID);
      }
      case GOES_ON_MUTE -> {
        assertGoesOn(task, exitCode, given);
        assertThat(container.stderr().text().strip()).isEqualTo(SAID);
      }
      case GOES_ON_WITHOUT_STDERR -> {
        assertGoesOn(task, exitCode, given);
        assertThat(container.stdout().events("run-task")).hasSize(1);
        assertThat(container.stderr().text()).isEmpty();
      }
      case TAKEN_BACK -> assertHandled(UNCLAIM, exitCode, given);
      case FAILED -> assertHandled(FAIL, exitCode, given);
      case UNTOLD -> {
        assertThat(exitCode).isOne();
        assertThat(given.api().calls()).isEmpty();
        assertThat(container.stderr().text()).contains("orchestrator: error: ");
      }
      case ENDS -> assertEnds(exitCode, container, given);
    }
  }

  static Stream<Arguments> memoryCalls() {
    return MEMORY.stream()
        .flatMap(name ->
            IntStream.rangeClosed(1, WithoutFaults.most(name))
                .boxed()
                .flatMap(
                    n -> Arrays.stream(Task.values()).map(task -> Arguments.of(name, n, task))));
  }

  @ParameterizedTest
  @MethodSource("memoryCalls")
  void shouldStayHonestWhateverMemoryIsRefused(String name, int number, Task task, Scenario given) {
    prepare(given, task);
    var alive = agentsAliveWhenCalled(given);
    var fault = new Fault(name, "ENOMEM", Integer.toString(number), List.of());

    var traced = given.runTracedTask(_ -> Optional.of(fault));
    var container = traced.container();
    var exitCode = container.exitCode();

    assertThat(alive).as("agents that lived when the API was called").isEmpty();
    var calls = given.api().calls().stream().map(Call::route).flatMap(Optional::stream).toList();
    if (exitCode != 0) {
      assertThat(calls).isEmpty();
      assertThat(container.stderr().text().replace(SAID, "")).isNotBlank();
    } else if (given.root().has(DONE)) {
      assertThat(calls).isEmpty();
    } else {
      assertThat(calls)
          .as(
              "calls of a task that said%n%s%s",
              container.stdout().text(), container.stderr().text())
          .containsExactly(isExecuted(traced.tracer()) ? FAIL : UNCLAIM);
    }
  }

  /** Though it may have been killed before it could do anything. */
  private static boolean isExecuted(Tracer tracer) {
    return tracer.calls().stream()
        .anyMatch(
            call -> call.name().equals("execve") && call.text().contains(Scenario.TASK_AGENT));
  }

  @Test
  void shouldHaveARowForEachPlace() {
    assertThat(FaultTable.read()).extracting(Row::place).contains(FaultPlace.values());
  }

  private static boolean isLive(Container container) {
    var request = "GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    try {
      return container.probe().exchange("127.0.0.1", request).startsWith("HTTP/1.1 200 ");
    } catch (UncheckedIOException _) {
      return false;
    }
  }

  private static void prepare(Scenario given, Task task, String... more) {
    given
        .root()
        .devices()
        .file("/dev/termination-log", "")
        .file("/etc/passwd", "root:x:0:0::/root:/bin/sh\nci:x:1000:1000::/home/ci:/bin/sh\n")
        .file("/etc/group", "ci:x:1000:\ndocker:x:999:ci\n")
        .file("/sys/fs/cgroup/cgroup.controllers", "memory pids\n")
        .folder("/opt/circleci/status");
    given.config().set("user", "ci").set("readiness_file_path", READY);
    // It takes its time, so that its file has to be waited for.
    given.entrypoint("sleep=100", "touch=" + READY, "sleep=forever");
    var verbs =
        Stream.of(
                Stream.of("read-stdin", "report=/out/report", "stderr=" + SAID, "touch=" + STARTED),
                Stream.of(more),
                Stream.of(task.end))
            .flatMap(part -> part);
    given.agent(verbs.toArray(String[]::new));
  }

  private static Fault fault(Row row, Scenario given, ProcessView orchestrator) {
    var place = row.place();
    var paths = place.finder.paths().of(given, orchestrator);
    var first = paths.isEmpty() ? WithoutFaults.number(place) : 1;
    return new Fault(place.systemCall, row.error(), first + row.often().step, paths);
  }

  private static List<String> agentsAliveWhenCalled(Scenario given) {
    var alive = new CopyOnWriteArrayList<String>();
    given
        .api()
        .whenCalled(_ ->
            given.container().living("circleci-agent").stream()
                .map(ProcessView::commandLine)
                .forEach(alive::add));
    return alive;
  }

  private static void assertGoesOn(Task task, int exitCode, Scenario given) {
    assertThat(exitCode).isZero();
    assertThat(given.root().report("/out/report").stdin()).isEqualTo(given.token());
    switch (task) {
      case GOOD -> {
        assertThat(given.root().has(DONE)).isTrue();
        assertThat(given.api().calls()).isEmpty();
      }
      case FAILING -> {
        assertThat(given.api().calls()).hasSize(1);
        assertThat(given.api().calls(FAIL).getFirst().message())
            .contains("exited with an unexpected error: exit status 3: " + SAID);
      }
    }
  }

  private static void assertHandled(Route route, int exitCode, Scenario given) {
    assertThat(exitCode).isZero();
    assertThat(given.api().calls()).hasSize(1);
    assertThat(given.api().calls(route)).hasSize(1);
    assertThat(given.root().has(STARTED)).isFalse();
  }

  private static void assertEnds(int exitCode, Container container, Scenario given) {
    assertThat(exitCode).isNotZero();
    assertThat(container.stderr().text()).isNotBlank();
    assertThat(given.api().calls()).isEmpty();
    assertThat(given.root().has(STARTED)).isFalse();
  }

  /** The calls of a task that fails, and that nothing is refused to. */
  private static final class WithoutFaults {
    private static final List<TracedCall> CALLS = record();

    static int number(FaultPlace place) {
      var ofThisName = CALLS.stream().filter(call -> call.name().equals(place.systemCall)).toList();
      return place
          .finder
          .among()
          .pick(CALLS, ofThisName)
          .orElseThrow(() -> new AssertionError("no call made at " + place))
          .number();
    }

    static int most(String name) {
      return CALLS.stream()
          .filter(call -> call.name().equals(name))
          .mapToInt(TracedCall::number)
          .max()
          .orElse(0);
    }

    private static List<TracedCall> record() {
      try (var given = new Scenario()) {
        prepare(given, Task.FAILING, "wait-file=" + PROBED);
        var traced = given.runTracedTask(_ -> Optional.empty());
        traced.container().probe().awaitStatus("/live", 200);
        given.root().file(PROBED, "");
        assertThat(traced.container().exitCode()).isZero();
        return traced.tracer().calls();
      }
    }
  }
}
