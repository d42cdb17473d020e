package com.circleci.runnerinit.task;

import static com.circleci.runnerinit.linux.Signals.SIGKILL;
import static com.circleci.runnerinit.linux.Signals.SIGTERM;
import static com.circleci.runnerinit.task.Configurations.configuration;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.configuration.ParsedConfiguration;
import com.circleci.runnerinit.linux.ExitStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of errors of docs/task-flow.md, to the word (spec, section 4). */
class OrchestratorErrorsTest {
  private static final String NOT_STARTED =
      "error while executing task agent: failed to start task agent command: ";
  private static final String FAILED =
      "error while executing task agent: task agent command exited with an unexpected error: ";
  private static final String STILL_RUNNING =
      "error on shutdown: task agent process is still running, which could interrupt the task."
          + " Possible reasons include the Pod being evicted or deleted";

  private static final Event BEGUN = new Event.Begun();
  private static final Event LISTENING = new Event.Listening();
  private static final Event RESOLVED = new Event.UserResolved();
  private static final Event ENTRYPOINT_STARTED = new Event.Started(Role.ENTRYPOINT);
  private static final Event FILE_EXISTS = new Event.ReadinessFileExists();
  private static final Event AGENT_STARTED = new Event.Started(Role.AGENT);
  private static final Event TERMINATED = new Event.SignalReceived(SIGTERM);

  /** One row: what happened, until the failure is certain. */
  record Row(String name, Failure failure, List<Event> events) {
    Row(String name, Failure failure, Event... events) {
      this(name, failure, List.of(events));
    }

    @Override
    public String toString() {
      return name;
    }

    Optional<String> problem() {
      return Optional.of("token: required").filter(_ -> name.equals("wrong configuration"));
    }
  }

  private static Failure failure(String message, boolean retryable) {
    return new Failure(message, retryable, false, false);
  }

  static Stream<Row> rows() {
    return Stream.of(
        new Row(
            "wrong configuration",
            failure(
                "error in the task configuration ($CIRCLECI_GOAT_CONFIG): token: required", false),
            BEGUN),
        new Row(
            "port taken",
            failure("failed to load health check API: taken", true),
            BEGUN,
            new Event.ListenFailed("taken")),
        new Row(
            "no such user",
            failure(NOT_STARTED + "user: unknown user x", true),
            BEGUN,
            LISTENING,
            new Event.StartFailed(Role.AGENT, "user: unknown user x")),
        new Row(
            "entrypoint not started",
            failure("error starting custom entrypoint [dockerd --debug]: exec: no command", false),
            BEGUN,
            LISTENING,
            RESOLVED,
            new Event.StartFailed(Role.ENTRYPOINT, "exec: no command")),
        new Row(
            "not ready in time",
            failure(
                "error waiting for service containers to become ready: the readiness file did not"
                    + " appear within 10m",
                true),
            BEGUN,
            LISTENING,
            RESOLVED,
            ENTRYPOINT_STARTED,
            new Event.TimerEnded(Timer.READINESS)),
        new Row(
            "signal before ready",
            failure(
                "error waiting for service containers to become ready: interrupted by signal:"
                    + " terminated",
                true),
            BEGUN,
            LISTENING,
            RESOLVED,
            ENTRYPOINT_STARTED,
            TERMINATED),
        new Row(
            "signal at first",
            failure(
                "error on shutdown: interrupted by signal: terminated before the task agent was"
                    + " started",
                true),
            TERMINATED),
        new Row(
            "agent not started",
            failure(NOT_STARTED + "exec: no command", true),
            BEGUN,
            LISTENING,
            RESOLVED,
            ENTRYPOINT_STARTED,
            FILE_EXISTS,
            new Event.StartFailed(Role.AGENT, "exec: no command")),
        new Row(
            "agent failed",
            new Failure(FAILED + "exit status 3", false, true, false),
            BEGUN,
            LISTENING,
            RESOLVED,
            ENTRYPOINT_STARTED,
            FILE_EXISTS,
            AGENT_STARTED,
            new Event.Exited(Role.AGENT, new ExitStatus.Exited(3))),
        new Row(
            "agent killed",
            new Failure(FAILED + "signal: killed", false, true, true),
            BEGUN,
            LISTENING,
            RESOLVED,
            ENTRYPOINT_STARTED,
            FILE_EXISTS,
            AGENT_STARTED,
            new Event.Exited(Role.AGENT, new ExitStatus.Killed(SIGKILL, false))),
        new Row(
            "grace period over",
            failure(STILL_RUNNING, false),
            BEGUN,
            LISTENING,
            RESOLVED,
            ENTRYPOINT_STARTED,
            FILE_EXISTS,
            AGENT_STARTED,
            TERMINATED,
            new Event.TimerEnded(Timer.GRACE_PERIOD),
            new Event.Exited(Role.AGENT, new ExitStatus.Exited(0))),
        new Row(
            "agent outlives sigkill",
            failure(STILL_RUNNING, false),
            BEGUN,
            LISTENING,
            RESOLVED,
            ENTRYPOINT_STARTED,
            FILE_EXISTS,
            AGENT_STARTED,
            TERMINATED,
            TERMINATED,
            new Event.TimerEnded(Timer.AGENT_KILL),
            new Event.TimerEnded(Timer.AGENT_DEATH)));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void shouldExplainItAndTellTheRunnerApi(Row row) {
    Orchestrator orchestrator =
        new Orchestrator(
            new Plan(
                new ParsedConfiguration(
                    configuration(List.of("dockerd", "--debug"), "/ready", false), row.problem()),
                Duration.ZERO,
                Duration.ofSeconds(10),
                SignalPolicy.DRAIN));
    row.events.forEach(orchestrator::on);

    assertThat(afterTheDeaths(orchestrator))
        .startsWith(
            new Action.Explain(row.failure),
            new Action.SetTimer(Timer.REPORT, Duration.ofSeconds(15)))
        .last()
        .isEqualTo(
            row.failure.retryable() ? new Action.Unclaim() : new Action.SendFail(row.failure));
  }

  private static List<Action> afterTheDeaths(Orchestrator orchestrator) {
    orchestrator.on(new Event.TimerEnded(Timer.ENTRYPOINT_KILL));
    orchestrator.on(new Event.ProcessesGone());
    return orchestrator.on(new Event.OutputDrained());
  }
}
