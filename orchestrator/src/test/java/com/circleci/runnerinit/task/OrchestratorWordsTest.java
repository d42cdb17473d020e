package com.circleci.runnerinit.task;

import static com.circleci.runnerinit.linux.Signals.SIGKILL;
import static com.circleci.runnerinit.linux.Signals.SIGTERM;
import static com.circleci.runnerinit.task.Configurations.configuration;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.configuration.ParsedConfiguration;
import com.circleci.runnerinit.linux.ExitStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is read outside: phases in the metrics, failures, exit statuses. */
class OrchestratorWordsTest {
  private final Plan plan =
      new Plan(
          new ParsedConfiguration(
              configuration(List.of("dockerd"), "/ready", true), Optional.empty()),
          Duration.ZERO,
          Duration.ofSeconds(10),
          SignalPolicy.DRAIN);
  private final Orchestrator orchestrator = new Orchestrator(plan);

  @Test
  void shouldNameThePhasesOfARun() {
    List<String> phases = new ArrayList<>(List.of(orchestrator.phase()));
    for (Event event : eventful()) {
      orchestrator.on(event);
      phases.add(orchestrator.phase());
    }

    assertThat(dropRepeats(phases))
        .containsExactly(
            "starting",
            "awaiting_readiness",
            "starting",
            "running",
            "draining",
            "stopping",
            "reporting",
            "ended");
  }

  @Test
  void shouldTellItsStatesApart() {
    List<String> states = new ArrayList<>(List.of(orchestrator.describe()));
    for (Event event : eventful()) {
      orchestrator.on(event);
      states.add(orchestrator.describe());
    }

    assertThat(states).doesNotHaveDuplicates();
    assertThat(states.get(6)).contains("AgentRunning", "custom entrypoint", "task agent");
  }

  @Test
  void shouldAddTheAgentsOutputToItsFailureAlone() {
    Evidence evidence = new Evidence("no space", Optional.empty());

    assertThat(Failure.ofAgent("it failed", false).describe(evidence))
        .isEqualTo("it failed: no space: Check container logs for more details");
    assertThat(Failure.ofAgent("it failed", false).describe(new Evidence(" \n", Optional.empty())))
        .isEqualTo("it failed: Check container logs for more details");
    assertThat(Failure.retryable("it failed").describe(evidence))
        .isEqualTo("it failed: Check container logs for more details");
    assertThat(Failure.notRetryable("it failed").describe(evidence))
        .isEqualTo("it failed: Check container logs for more details");
  }

  @Test
  void shouldNameTheLackOfMemoryWhereAKillMayComeOfIt() {
    Evidence evidence = new Evidence("", Optional.of("out of memory"));

    assertThat(Failure.ofAgent("it failed", true).describe(evidence))
        .isEqualTo("it failed: out of memory: Check container logs for more details");
    assertThat(Failure.ofAgent("it failed", false).describe(evidence))
        .isEqualTo("it failed: Check container logs for more details");
  }

  @Test
  void shouldKnowAKillFromOtherEnds() {
    assertThat(failureAfter(new ExitStatus.Killed(SIGKILL, false)).wasKilled()).isTrue();
    assertThat(failureAfter(new ExitStatus.Exited(1)).wasKilled()).isFalse();
  }

  @Test
  void shouldExitByTheOutcome() {
    assertThat(Stream.of(ExitCode.values()).map(ExitCode::status)).containsExactly(0, 1, 80);
  }

  /** The failure of a task whose agent ended so. */
  private Failure failureAfter(ExitStatus status) {
    Orchestrator fresh = new Orchestrator(plan);
    List<Action> actions = new ArrayList<>();
    for (Event event : eventful()) {
      boolean agentEnds = event instanceof Event.Exited(Role role, var _) && role == Role.AGENT;
      actions.addAll(fresh.on(agentEnds ? new Event.Exited(Role.AGENT, status) : event));
    }
    return actions.stream()
        .filter(Action.Explain.class::isInstance)
        .map(action -> ((Action.Explain) action).failure())
        .findFirst()
        .orElseThrow();
  }

  private static List<String> dropRepeats(List<String> words) {
    List<String> changes = new ArrayList<>();
    for (String word : words) {
      if (changes.isEmpty() || !changes.getLast().equals(word)) {
        changes.add(word);
      }
    }
    return changes;
  }

  private static List<Event> eventful() {
    return List.of(
        new Event.Begun(),
        new Event.Listening(),
        new Event.UserResolved(),
        new Event.Started(Role.ENTRYPOINT),
        new Event.ReadinessFileExists(),
        new Event.Started(Role.AGENT),
        new Event.SignalReceived(SIGTERM),
        new Event.Exited(Role.AGENT, new ExitStatus.Exited(1)),
        new Event.Exited(Role.ENTRYPOINT, new ExitStatus.Exited(0)),
        new Event.ProcessesGone(),
        new Event.OutputDrained(),
        new Event.Unclaimed(Optional.of("x")),
        new Event.FailSent(Optional.empty()));
  }
}
