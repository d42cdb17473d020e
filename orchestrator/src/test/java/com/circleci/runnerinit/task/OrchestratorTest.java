package com.circleci.runnerinit.task;

import static com.circleci.runnerinit.linux.Signals.SIGHUP;
import static com.circleci.runnerinit.linux.Signals.SIGINT;
import static com.circleci.runnerinit.linux.Signals.SIGKILL;
import static com.circleci.runnerinit.linux.Signals.SIGTERM;
import static com.circleci.runnerinit.task.Configurations.configuration;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.configuration.ParsedConfiguration;
import com.circleci.runnerinit.linux.ExitStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OrchestratorTest {
  private static final Duration GRACE = Duration.ofSeconds(10);
  private static final ExitStatus SUCCESS = new ExitStatus.Exited(0);

  private Configuration configuration = configuration(List.of(), "", false);
  private Optional<String> problem = Optional.empty();
  private Duration delay = Duration.ZERO;
  private SignalPolicy policy = SignalPolicy.DRAIN;

  @Test
  void shouldListenBeforeAnythingStarts() {
    assertThat(orchestrator().on(new Event.Begun())).containsExactly(new Action.Listen());
  }

  @Test
  void shouldStartTheEntrypointBeforeItIsReadyAndTheAgentLast() {
    configuration = configuration(List.of("dockerd"), "/ready", false);
    Orchestrator orchestrator = orchestrator();

    assertThat(feed(orchestrator, new Event.Begun(), new Event.Listening()))
        .endsWith(new Action.ResolveUser());
    assertThat(orchestrator.on(new Event.UserResolved()))
        .containsExactly(new Action.Start(Role.ENTRYPOINT));
    assertThat(orchestrator.on(new Event.Started(Role.ENTRYPOINT)))
        .containsExactly(
            new Action.BecomeReady(),
            new Action.SetTimer(Timer.READINESS, Duration.ofMinutes(10)),
            new Action.AwaitReadinessFile());
    assertThat(orchestrator.on(new Event.ReadinessFileExists()))
        .endsWith(new Action.Start(Role.AGENT));
  }

  @Test
  void shouldHandTheTaskBackWhenTheReadinessFileDoesNotComeInTime() {
    configuration = configuration(List.of(), "/ready", false);
    Orchestrator orchestrator = orchestrator();
    feed(orchestrator, new Event.Begun(), new Event.Listening(), new Event.UserResolved());

    assertThat(orchestrator.on(new Event.TimerEnded(Timer.READINESS)))
        .contains(new Action.StopAwaitingReadinessFile())
        .endsWith(new Action.KillEverything());
    assertThat(feed(orchestrator, new Event.ProcessesGone(), new Event.OutputDrained()))
        .contains(
            new Action.Explain(
                Failure.retryable(
                    "error waiting for service containers to become ready: the readiness file did"
                        + " not appear within 10m")))
        .endsWith(new Action.Unclaim());
  }

  @Test
  void shouldEndWellWhenTheAgentDoes() {
    Orchestrator orchestrator = withAgentRunning();

    assertThat(orchestrator.on(new Event.Exited(Role.AGENT, SUCCESS)))
        .contains(new Action.SignalGroup(Role.AGENT, SIGKILL))
        .endsWith(new Action.KillEverything());
    assertThat(feed(orchestrator, new Event.ProcessesGone(), new Event.OutputDrained()))
        .endsWith(new Action.End(ExitCode.HANDLED, List.of()));
  }

  @Test
  void shouldReportOnlyWhenAllProcessesAreGone() {
    Orchestrator orchestrator = withAgentRunning();

    assertThat(orchestrator.on(new Event.Exited(Role.AGENT, new ExitStatus.Exited(3))))
        .noneMatch(OrchestratorTest::isReport);
    assertThat(orchestrator.on(new Event.ProcessesGone())).noneMatch(OrchestratorTest::isReport);
    assertThat(orchestrator.on(new Event.OutputDrained()))
        .contains(
            new Action.SendFail(
                Failure.ofAgent(
                    "error while executing task agent: task agent command exited with an"
                        + " unexpected error: exit status 3",
                    false)));
    assertThat(orchestrator.on(new Event.FailSent(Optional.empty())))
        .endsWith(new Action.End(ExitCode.HANDLED, List.of()));
  }

  @Test
  void shouldUnclaimATaskThatHasNotRun() {
    Orchestrator orchestrator = orchestrator();
    feed(orchestrator, new Event.Begun(), new Event.Listening(), new Event.UserResolved());
    feed(orchestrator, new Event.StartFailed(Role.AGENT, "exec: no command"));

    assertThat(feed(orchestrator, new Event.ProcessesGone(), new Event.OutputDrained()))
        .endsWith(new Action.Unclaim());
    assertThat(orchestrator.on(new Event.Unclaimed(Optional.empty())))
        .endsWith(new Action.End(ExitCode.HANDLED, List.of()));
  }

  @Test
  void shouldSendTheFailEventWhenTheUnclaimFailed() {
    Orchestrator orchestrator = untilUnclaim();

    assertThat(orchestrator.on(new Event.Unclaimed(Optional.of("no"))))
        .hasSize(1)
        .allMatch(Action.SendFail.class::isInstance);
  }

  @Test
  void shouldTellEverythingThatNobodyWasToldOf() {
    Orchestrator orchestrator = untilUnclaim();
    feed(orchestrator, new Event.Unclaimed(Optional.of("a")));

    assertThat(orchestrator.on(new Event.FailSent(Optional.of("b"))))
        .endsWith(
            new Action.End(
                ExitCode.FAILED,
                List.of(
                    "failed to load health check API: taken",
                    "failed to retry task: a",
                    "failed to send fail event for task: b")));
  }

  @Test
  void shouldGiveUpReportingWhenItsTimeIsOver() {
    Orchestrator orchestrator = untilUnclaim();

    assertThat(orchestrator.on(new Event.TimerEnded(Timer.REPORT)))
        .last()
        .matches(action -> action instanceof Action.End end && end.code() == ExitCode.FAILED);
  }

  @Test
  void shouldLetTheAgentFinishWithinTheGracePeriod() {
    Orchestrator orchestrator = withAgentRunning();

    assertThat(orchestrator.on(new Event.SignalReceived(SIGTERM)))
        .contains(new Action.SetTimer(Timer.GRACE_PERIOD, GRACE))
        .noneMatch(Action.SignalGroup.class::isInstance);
    assertThat(
            feed(
                orchestrator,
                new Event.Exited(Role.AGENT, SUCCESS),
                new Event.ProcessesGone(),
                new Event.OutputDrained()))
        .endsWith(new Action.End(ExitCode.HANDLED, List.of()));
  }

  @Test
  void shouldTerminateThenKillAnAgentThatOutstaysTheGracePeriod() {
    Orchestrator orchestrator = withAgentRunning();
    orchestrator.on(new Event.SignalReceived(SIGINT));

    assertThat(orchestrator.on(new Event.TimerEnded(Timer.GRACE_PERIOD)))
        .contains(
            new Action.SignalGroup(Role.AGENT, SIGTERM),
            new Action.SetTimer(Timer.AGENT_KILL, Duration.ofSeconds(2)));
    assertThat(orchestrator.on(new Event.TimerEnded(Timer.AGENT_KILL)))
        .contains(new Action.SignalGroup(Role.AGENT, SIGKILL));
    assertThat(
            feed(
                orchestrator,
                new Event.Exited(Role.AGENT, new ExitStatus.Killed(SIGKILL, false)),
                new Event.ProcessesGone(),
                new Event.OutputDrained()))
        .last()
        .matches(action ->
            action instanceof Action.SendFail fail
                && fail.failure().message().startsWith("error on shutdown: task agent"));
  }

  @Test
  void shouldSkipTheRestOfTheGracePeriodOnASecondSignal() {
    Orchestrator orchestrator = withAgentRunning();
    orchestrator.on(new Event.SignalReceived(SIGTERM));

    assertThat(orchestrator.on(new Event.SignalReceived(SIGTERM)))
        .contains(
            new Action.CancelTimer(Timer.GRACE_PERIOD),
            new Action.SignalGroup(Role.AGENT, SIGTERM));
  }

  @Test
  void shouldNotWaitOutTheShutdownDelayOfATaskThatHasEnded() {
    delay = Duration.ofSeconds(5);
    Orchestrator orchestrator = withAgentRunning();

    assertThat(orchestrator.on(new Event.SignalReceived(SIGTERM)))
        .contains(new Action.SetTimer(Timer.SHUTDOWN_DELAY, delay));
    assertThat(orchestrator.on(new Event.Exited(Role.AGENT, SUCCESS)))
        .contains(new Action.CancelTimer(Timer.SHUTDOWN_DELAY))
        .endsWith(new Action.KillEverything());
  }

  @Test
  void shouldSignalTheAgentAtOnceWhenThePolicyIsForward() {
    policy = SignalPolicy.FORWARD;
    Orchestrator orchestrator = withAgentRunning();

    assertThat(orchestrator.on(new Event.SignalReceived(SIGINT)))
        .contains(
            new Action.SignalGroup(Role.AGENT, SIGINT),
            new Action.SetTimer(Timer.GRACE_PERIOD, GRACE));
  }

  @Test
  void shouldUnclaimAtOnceWhenInterruptedInTheReadinessWait() {
    configuration = configuration(List.of(), "/ready", false);
    Orchestrator orchestrator = orchestrator();
    feed(orchestrator, new Event.Begun(), new Event.Listening(), new Event.UserResolved());

    assertThat(orchestrator.on(new Event.SignalReceived(SIGTERM)))
        .contains(new Action.StopAwaitingReadinessFile())
        .endsWith(new Action.KillEverything());
    assertThat(feed(orchestrator, new Event.ProcessesGone(), new Event.OutputDrained()))
        .endsWith(new Action.Unclaim());
  }

  @Test
  void shouldStopTheEntrypointOnlyAfterTheAgent() {
    configuration = configuration(List.of("dockerd"), "", false);
    Orchestrator orchestrator = withAgentRunning();

    assertThat(orchestrator.on(new Event.SignalReceived(SIGTERM)))
        .doesNotContain(new Action.SignalGroup(Role.ENTRYPOINT, SIGTERM));
    assertThat(orchestrator.on(new Event.Exited(Role.AGENT, SUCCESS)))
        .contains(new Action.SignalGroup(Role.ENTRYPOINT, SIGTERM))
        .doesNotContain(new Action.KillEverything());
    assertThat(orchestrator.on(new Event.Exited(Role.ENTRYPOINT, SUCCESS)))
        .endsWith(new Action.KillEverything());
  }

  @Test
  void shouldKillAnEntrypointThatOutstaysItsSigterm() {
    configuration = configuration(List.of("dockerd"), "", false);
    Orchestrator orchestrator = withAgentRunning();
    orchestrator.on(new Event.Exited(Role.AGENT, SUCCESS));

    assertThat(orchestrator.on(new Event.TimerEnded(Timer.ENTRYPOINT_KILL)))
        .endsWith(new Action.KillEverything());
  }

  @Test
  void shouldNotWaitForTheEntrypointWhenAFurtherSignalComes() {
    configuration = configuration(List.of("dockerd"), "", false);
    Orchestrator orchestrator = withAgentRunning();
    orchestrator.on(new Event.Exited(Role.AGENT, SUCCESS));

    assertThat(orchestrator.on(new Event.SignalReceived(SIGTERM)))
        .contains(new Action.CancelTimer(Timer.ENTRYPOINT_KILL))
        .endsWith(new Action.KillEverything());
  }

  @Test
  void shouldGoOnWhenTheEntrypointEndsFirst() {
    configuration = configuration(List.of("dockerd"), "", false);
    Orchestrator orchestrator = withAgentRunning();
    ExitStatus status = new ExitStatus.Exited(7);

    assertThat(orchestrator.on(new Event.Exited(Role.ENTRYPOINT, status)))
        .containsExactly(new Action.Log(new Notice.EntrypointEnded(status)));
  }

  @Test
  void shouldPassOtherSignalsOnToAllThatRun() {
    configuration = configuration(List.of("dockerd"), "", false);
    Orchestrator orchestrator = withAgentRunning();

    assertThat(orchestrator.on(new Event.SignalReceived(SIGHUP)))
        .containsExactlyInAnyOrder(
            new Action.SignalGroup(Role.ENTRYPOINT, SIGHUP),
            new Action.SignalGroup(Role.AGENT, SIGHUP));
  }

  @Test
  void shouldUnclaimATaskThatMayHaveRunWhenThatIsEnabled() {
    configuration = configuration(List.of(), "", true);
    Orchestrator orchestrator = withAgentRunning();

    assertThat(
            feed(
                orchestrator,
                new Event.Exited(Role.AGENT, new ExitStatus.Exited(1)),
                new Event.ProcessesGone(),
                new Event.OutputDrained()))
        .endsWith(new Action.Unclaim());
  }

  @Test
  void shouldNotUnclaimWhileAProcessOutlivesSigkill() {
    configuration = configuration(List.of(), "/ready", false);
    Orchestrator orchestrator = orchestrator();
    feed(orchestrator, new Event.Begun(), new Event.Listening(), new Event.UserResolved());
    orchestrator.on(new Event.SignalReceived(SIGTERM));

    assertThat(feed(orchestrator, new Event.TimerEnded(Timer.SWEEP), new Event.OutputDrained()))
        .contains(new Action.Log(new Notice.LeftoversRemain()))
        .last()
        .matches(Action.SendFail.class::isInstance);
  }

  @Test
  void shouldReportABrokenConfiguration() {
    problem = Optional.of("max_run_time: expected an integer of nanoseconds, but got a string");
    Orchestrator orchestrator = orchestrator();

    assertThat(
            feed(
                orchestrator,
                new Event.Begun(),
                new Event.ProcessesGone(),
                new Event.OutputDrained()))
        .doesNotContain(new Action.Listen())
        .last()
        .matches(Action.SendFail.class::isInstance);
  }

  private Orchestrator orchestrator() {
    return new Orchestrator(
        new Plan(new ParsedConfiguration(configuration, problem), delay, GRACE, policy));
  }

  private Orchestrator withAgentRunning() {
    Orchestrator orchestrator = orchestrator();
    feed(orchestrator, new Event.Begun(), new Event.Listening(), new Event.UserResolved());
    if (!configuration.command().isEmpty()) {
      feed(orchestrator, new Event.Started(Role.ENTRYPOINT));
    }
    feed(orchestrator, new Event.Started(Role.AGENT));
    return orchestrator;
  }

  private Orchestrator untilUnclaim() {
    Orchestrator orchestrator = orchestrator();
    feed(
        orchestrator,
        new Event.Begun(),
        new Event.ListenFailed("taken"),
        new Event.ProcessesGone(),
        new Event.OutputDrained());
    return orchestrator;
  }

  private static List<Action> feed(Orchestrator orchestrator, Event... events) {
    List<Action> actions = new ArrayList<>();
    for (Event event : events) {
      actions.addAll(orchestrator.on(event));
    }
    return actions;
  }

  private static boolean isReport(Action action) {
    return action instanceof Action.Unclaim || action instanceof Action.SendFail;
  }
}
