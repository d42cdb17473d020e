package com.circleci.runnerinit.acceptance.soak;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.Route;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/** One task, from what was drawn for it to what became of it. */
final class SoakRun {
  private static final List<String> STANDARD_STREAMS = List.of("0", "1", "2");

  /** What the orchestrator has open while the agent runs: pipes are 1, 2 and the agent's 2. */
  private static final List<String> OWN_DESCRIPTORS =
      List.of(
          "[eventfd]",
          "[eventfd]",
          "[eventfd]",
          "[signalfd]",
          "null",
          "pipe",
          "pipe",
          "pipe",
          "socket");

  /** Where there is a /proc: for the children's OOM scores. */
  private static final List<String> DESCRIPTORS_BY_PROC = List.of("oom_score_adj");

  private final Behaviour behaviour;
  private final Scenario given;

  private SoakRun(Behaviour behaviour, Scenario given) {
    this.behaviour = behaviour;
    this.given = given;
  }

  /** Throws an {@link AssertionError}, with all that is known, when something is wrong. */
  static void of(Behaviour behaviour) {
    try (var given = new Scenario()) {
      try {
        new SoakRun(behaviour, given).go();
        given.verify();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError(
            "%s%nscript: %s%nservice: %s%n%s%n%s"
                .formatted(
                    behaviour,
                    String.join(" ", behaviour.script()),
                    String.join(" ", behaviour.service().verbs()),
                    e.getMessage(),
                    evidence(given)),
            e);
      }
    }
  }

  private static String evidence(Scenario given) {
    return given
        .evidence()
        .lines()
        .filter(line -> !line.startsWith("flood."))
        .collect(Collectors.joining("\n"));
  }

  private void go() {
    prepare();
    var flags = behaviour.shutdown().map(Shutdown::flags).orElse(List.of());
    var container = given.runTask(flags.toArray(String[]::new));
    if (behaviour.readiness() == Behaviour.Readiness.MADE_LATER) {
      given.root().file(Behaviour.READY, "");
    }
    behaviour.shutdown().ifPresent(shutdown -> send(shutdown, container));
    if (behaviour.pauses() && behaviour.startsTheAgent()) {
      given.root().awaitFile("/out/middle");
      lookAt(container);
      given.root().file("/out/go", "");
    }

    var exitCode = container.exitCode();

    assertThat(new Oracle(behaviour).outcomes())
        .as("how a run may end, when it ended with %d after the calls %s", exitCode, paths())
        .anyMatch(outcome -> isWhatCame(outcome, exitCode, container));
    assertThatChildrenSawNothingButTheirs();
  }

  private void prepare() {
    if (behaviour.underAnInit()) {
      given.underAnInit();
    }
    if (behaviour.tokenBytes() > 0) {
      given.longToken(behaviour.tokenBytes());
    }
    given.agent(behaviour.script().toArray(String[]::new));
    if (behaviour.end() instanceof AgentEnd.NoBeginning) {
      given.config().set("task_agent_path", "/missing/agent");
    }
    switch (behaviour.service().kind()) {
      case NONE -> {}
      case NOT_THERE -> given.config().set("cmd", List.of("/missing"));
      case ENDS_EARLY, OUTLIVES, IGNORES_TERM ->
          given.entrypoint(behaviour.service().verbs().toArray(String[]::new));
    }
    given.root().folder("/status", "rwxr-xr-x");
    switch (behaviour.readiness()) {
      case NOT_AWAITED -> {}
      case THERE -> given.root().file(Behaviour.READY, "");
      case MADE_BY_SERVICE, MADE_LATER -> {}
    }
    if (behaviour.readiness() != Behaviour.Readiness.NOT_AWAITED) {
      given.config().set("readiness_file_path", Behaviour.READY);
    }
    given.root().file("/etc/passwd", "circleci:x:3434:3435::/home/circleci:/bin/sh\n");
    given.config().set("user", behaviour.user().text());
    given.config().set("enable_unsafe_retries", behaviour.unsafeRetries());
    behaviour.unclaim().prepare(given.api(), Route.UNCLAIM);
    behaviour.fail().prepare(given.api(), Route.FAIL);
  }

  private static void send(Shutdown shutdown, Container container) {
    Await.until("signals are held", () -> container.ended() || container.holdsSignals());
    LockSupport.parkNanos(shutdown.after().toNanos());
    for (var i = 0; i < shutdown.times() && !container.ended(); i++) {
      container.signalIfThere(shutdown.signal());
    }
  }

  private void lookAt(Container container) {
    var orchestrator = container.orchestrator();
    Await.until(
        "no zombie of the orchestrator's",
        () ->
            orchestrator.children().stream()
                .allMatch(child -> child.stat().filter(stat -> stat.isZombie()).isEmpty()));
    if (Executables.areOfAJvm()) {
      return; // which has descriptors of its own
    }
    var expected = new ArrayList<>(OWN_DESCRIPTORS);
    if (behaviour.underAnInit()) {
      expected.addAll(DESCRIPTORS_BY_PROC);
    }
    if (behaviour.leavesTokenUnread()) {
      expected.add("pipe");
    }
    Await.until(
        "no descriptors but " + expected,
        () ->
            orchestrator.descriptors().values().stream()
                .map(target -> target.substring(target.lastIndexOf('/') + 1))
                .sorted()
                .toList()
                .equals(expected.stream().sorted().toList()));
  }

  private List<String> paths() {
    return given.api().calls().stream().map(Call::path).toList();
  }

  private boolean isWhatCame(Oracle.Outcome outcome, int exitCode, Container container) {
    var calls = given.api().calls();
    return outcome.exitCode() == exitCode
        && paths().equals(outcome.calls())
        && calls.stream()
            .filter(call -> call.path().equals(Route.FAIL.path()))
            .allMatch(call -> call.message().startsWith(outcome.message()))
        && (outcome.message().isEmpty() || container.stdout().text().contains(outcome.message()));
  }

  private void assertThatChildrenSawNothingButTheirs() {
    for (var file : List.of("/out/agent", "/out/service")) {
      if (given.root().has(file)) {
        assertThat(given.root().report(file).descriptors()).containsOnlyKeys(STANDARD_STREAMS);
      }
    }
    if (given.root().has("/out/agent")) {
      assertThat(given.root().report("/out/agent").userIds()).containsOnly(behaviour.user().uid());
    }
  }
}
