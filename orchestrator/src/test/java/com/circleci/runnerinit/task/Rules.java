package com.circleci.runnerinit.task;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.linux.ExitStatus;
import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.task.World.Answer;
import com.circleci.runnerinit.task.World.Fact;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What every decision must keep to, in whatever world it is made (spec, section 4). */
final class Rules {
  private final Plan plan;
  private final Configuration configuration;

  Rules(Plan plan) {
    this.plan = plan;
    configuration = plan.parsed().configuration();
  }

  /** Judges what was decided upon an event, action by action. */
  void check(World before, Event event, List<Action> actions) {
    List<Action> done = new ArrayList<>();
    for (Action action : actions) {
      World now = before.after(event, done);
      assertThat(now.is(Fact.ENDED)).as("nothing follows the end").isFalse();
      check(now, event, action);
      done.add(action);
    }
    checkNotices(before, event, actions);
    if (event instanceof Event.SignalReceived(int signal) && signal != Signals.SIGHUP) {
      assertThat(before.after(event, actions).running())
          .as("an urged shutdown waits for nobody")
          .doesNotContain(
              before.is(Fact.SHUTDOWN_ASKED)
                  ? new Timer[] {Timer.SHUTDOWN_DELAY, Timer.GRACE_PERIOD}
                  : new Timer[] {Timer.READINESS});
    }
  }

  private void check(World now, Event event, Action action) {
    switch (action) {
      case Action.Listen() -> checkBeginning(now, event instanceof Event.Begun);
      case Action.ResolveUser() -> checkBeginning(now, event instanceof Event.Listening);
      case Action.Start(Role role) -> checkStart(now, event, role);
      case Action.BecomeReady() -> {
        checkBeginning(now, !now.is(Fact.READY));
        assertThat(now.is(Fact.ENTRYPOINT_RAN))
            .as("ready when the custom entrypoint has started")
            .isEqualTo(hasEntrypoint());
      }
      case Action.AwaitReadinessFile() -> checkBeginning(now, now.is(Fact.READY) && awaitsFile());
      case Action.StopAwaitingReadinessFile() ->
          assertThat(now.owed().contains(Answer.FILE) || now.is(Fact.FILE_SEEN))
              .as("the file was awaited")
              .isTrue();
      case Action.SetTimer(Timer timer, Duration delay) -> {
        // So an end of it that comes too late can't be taken for another.
        assertThat(now.used()).as("set once").doesNotContain(timer);
        assertThat(delay).as("limit of %s", timer).isEqualTo(limitOf(timer));
      }
      case Action.CancelTimer(Timer timer) ->
          assertThat(now.running().contains(timer) || event.equals(new Event.TimerEnded(timer)))
              .as("%s runs, or has just ended", timer)
              .isTrue();
      case Action.SignalGroup(Role role, int signal) -> checkSignal(now, event, role, signal);
      case Action.KillEverything() -> {
        assertThat(now.is(Fact.KILLED)).as("killed before").isFalse();
        checkAgentIsOver(now);
        assertThat(
                !now.alive().contains(Role.ENTRYPOINT)
                    || now.is(Fact.ENTRYPOINT_GIVEN_UP)
                    || now.is(Fact.SHUTDOWN_ASKED))
            .as("the custom entrypoint had its time")
            .isTrue();
      }
      case Action.SumUp() -> {
        checkIsDead(now);
        assertThat(now.is(Fact.SUMMED_UP)).as("summed up once").isFalse();
      }
      case Action.DrainOutput() -> {
        checkIsDead(now);
        assertThat(now.is(Fact.SUMMED_UP)).as("summed up before").isTrue();
      }
      case Action.Explain _ -> {
        assertThat(now.explained()).as("explained once").isEmpty();
        assertThat(now.is(Fact.WENT_WELL)).as("a success is no failure").isFalse();
        checkIsOver(now);
      }
      case Action.Unclaim() -> checkUnclaim(now);
      case Action.SendFail(Failure failure) -> checkFail(now, failure);
      case Action.Log _ -> {}
      case Action.End(ExitCode code, List<String> untold) -> checkEnd(now, event, code, untold);
    }
  }

  private static void checkBeginning(World now, boolean inTurn) {
    assertThat(inTurn).as("in its turn").isTrue();
    assertThat(now.is(Fact.SHUTDOWN_ASKED) || now.is(Fact.KILLED)).as("is over").isFalse();
  }

  private void checkStart(World now, Event event, Role role) {
    checkBeginning(now, now.noneLives() || role == Role.AGENT);
    switch (role) {
      case ENTRYPOINT -> {
        assertThat(event).isInstanceOf(Event.UserResolved.class);
        assertThat(hasEntrypoint()).as("there is a custom entrypoint").isTrue();
        assertThat(now.is(Fact.ENTRYPOINT_RAN)).as("started once").isFalse();
      }
      case AGENT -> {
        assertThat(now.is(Fact.READY)).as("the agent starts last").isTrue();
        assertThat(now.is(Fact.AGENT_RAN)).as("started once").isFalse();
        assertThat(now.is(Fact.FILE_SEEN)).as("the services are up").isEqualTo(awaitsFile());
      }
    }
  }

  private void checkSignal(World now, Event event, Role role, int signal) {
    boolean asReceived = event instanceof Event.SignalReceived(int received) && received == signal;
    boolean other = asReceived && signal == Signals.SIGHUP;
    switch (role) {
      case AGENT -> {
        boolean rest = event instanceof Event.Exited && signal == Signals.SIGKILL;
        assertThat(now.alive().contains(role) || rest).as("the agent lives").isTrue();
        boolean atOnce = plan.signalPolicy() == SignalPolicy.FORWARD && now.is(Fact.SHUTDOWN_ASKED);
        assertThat(other || rest || atOnce || now.is(Fact.GRACE_OVER))
            .as("the agent has its grace period")
            .isTrue();
      }
      case ENTRYPOINT -> {
        assertThat(now.alive()).as("who is signalled lives").contains(role);
        if (!other) {
          checkAgentIsOver(now);
        }
      }
    }
  }

  private static void checkAgentIsOver(World now) {
    assertThat(now.owed()).as("the agent is not being started").doesNotContain(Answer.AGENT);
    assertThat(!now.alive().contains(Role.AGENT) || now.is(Fact.AGENT_GIVEN_UP))
        .as("the agent is dead or given up")
        .isTrue();
  }

  /** Nothing of the task lives that can be killed, and nothing more of it is to be read. */
  private static void checkIsOver(World now) {
    checkIsDead(now);
    assertThat(now.is(Fact.SUMMED_UP)).as("summed up").isTrue();
    assertThat(now.owed()).as("all is there").doesNotContain(Answer.DEATHS, Answer.OUTPUT);
  }

  private static void checkIsDead(World now) {
    assertThat(now.is(Fact.KILLED) && (now.noneLives() || now.is(Fact.LEFTOVERS)))
        .as("no process lives that can be killed")
        .isTrue();
  }

  private void checkUnclaim(World now) {
    checkIsOver(now);
    checkReport(now);
    assertThat(now.is(Fact.UNCLAIM_TRIED)).as("unclaimed once").isFalse();
    assertThat(now.is(Fact.LEFTOVERS)).as("two runs would overlap").isFalse();
    if (!configuration.enableUnsafeRetries()) {
      assertThat(now.is(Fact.AGENT_RAN)).as("the task may have run").isFalse();
    }
  }

  private void checkFail(World now, Failure failure) {
    checkIsOver(now);
    checkReport(now);
    assertThat(now.explained()).as("the failure that is told").contains(failure);
    assertThat(now.owed()).as("unclaim first").doesNotContain(Answer.UNCLAIM);
    boolean unclaimable = failure.retryable() || configuration.enableUnsafeRetries();
    assertThat(now.is(Fact.UNCLAIM_TRIED))
        .as("it can't be retried")
        .isEqualTo(unclaimable && !now.is(Fact.LEFTOVERS));
  }

  private void checkReport(World now) {
    assertThat(now.explained()).as("a failure was explained").isPresent();
    assertThat(configuration.canReport()).as("the API can be told").isTrue();
    assertThat(now.running()).as("within a time limit").containsExactly(Timer.REPORT);
    assertThat(now.is(Fact.UNCLAIMED)).as("the task runs elsewhere").isFalse();
    assertThat(now.is(Fact.FAIL_TRIED)).as("one fail event").isFalse();
  }

  /** The exit status by the outcome: 0 if nobody needs to be told any more, else 1. */
  private void checkEnd(World now, Event event, ExitCode code, List<String> untold) {
    checkIsOver(now);
    assertThat(now.running()).as("running at the end").isEmpty();
    assertThat(now.explained().isPresent()).as("a failure").isNotEqualTo(now.is(Fact.WENT_WELL));
    boolean told = now.is(Fact.UNCLAIMED) || now.is(Fact.FAIL_SENT);
    boolean handled = now.is(Fact.WENT_WELL) || told;
    assertThat(code).isEqualTo(handled ? ExitCode.HANDLED : ExitCode.FAILED);
    if (handled) {
      assertThat(untold).isEmpty();
      return;
    }
    List<String> expected = new ArrayList<>();
    now.explained().ifPresent(failure -> expected.add(failure.message()));
    boolean late = event instanceof Event.TimerEnded;
    String lateness = "the runner API did not answer within 15s";
    if (now.is(Fact.UNCLAIM_TRIED)) {
      expected.add("failed to retry task: " + (late && !now.is(Fact.FAIL_TRIED) ? lateness : "x"));
    }
    if (configuration.canReport()) {
      expected.add("failed to send fail event for task: " + (late ? lateness : "x"));
    }
    assertThat(untold).isEqualTo(expected);
    assertThat(now.is(Fact.FAIL_TRIED) || now.owed().contains(Answer.UNCLAIM))
        .as("a call was made")
        .isEqualTo(configuration.canReport());
  }

  private Duration limitOf(Timer timer) {
    return switch (timer) {
      case READINESS -> Duration.ofMinutes(10);
      case SHUTDOWN_DELAY -> plan.shutdownDelay();
      case GRACE_PERIOD -> plan.gracePeriod();
      case AGENT_KILL, ENTRYPOINT_KILL -> Duration.ofSeconds(2);
      case AGENT_DEATH, SWEEP -> Duration.ofSeconds(3);
      case REPORT -> Duration.ofSeconds(15);
    };
  }

  /** What the operator reads of an event. */
  private void checkNotices(World before, Event event, List<Action> actions) {
    List<Notice> notices =
        actions.stream()
            .filter(Action.Log.class::isInstance)
            .map(action -> ((Action.Log) action).notice())
            .toList();
    World now = before.after(event, actions);
    assertThat(notices).isEqualTo(expectedNotice(before, event, now).stream().toList());
  }

  private Optional<Notice> expectedNotice(World before, Event event, World now) {
    boolean over = before.used().contains(Timer.ENTRYPOINT_KILL) || before.is(Fact.KILLED);
    Optional<Failure> failure = now.explained();
    return switch (event) {
      case Event.SignalReceived(int signal) when signal != Signals.SIGHUP && !over ->
          shutdownNotice(before, signal);
      case Event.Started(Role role) when role == Role.AGENT && before.is(Fact.SHUTDOWN_ASKED) ->
          Optional.of(new Notice.ShutdownSignal(before.shutdownSignal(), plan.shutdownDelay()));
      case Event.Exited(Role role, ExitStatus status) when role == Role.ENTRYPOINT && !over ->
          Optional.of(new Notice.EntrypointEnded(status));
      case Event.TimerEnded(Timer timer) when timer == Timer.GRACE_PERIOD ->
          Optional.of(new Notice.GracePeriodOver());
      case Event.TimerEnded(Timer timer) when timer == Timer.SWEEP ->
          Optional.of(new Notice.LeftoversRemain());
      case Event.Unclaimed(Optional<String> error) when error.isEmpty() ->
          failure.map(Notice.Retrying::new);
      case Event.FailSent(Optional<String> error) when error.isEmpty() -> {
        Optional<String> unclaim = Optional.of("x").filter(_ -> now.is(Fact.UNCLAIM_TRIED));
        yield failure.map(told -> new Notice.Reported(told, unclaim));
      }
      default -> Optional.empty();
    };
  }

  private Optional<Notice> shutdownNotice(World before, int signal) {
    if (before.owed().contains(Answer.AGENT)) {
      return Optional.empty();
    }
    if (!before.alive().contains(Role.AGENT)) {
      return Optional.of(new Notice.ShutdownSignal(signal, Duration.ZERO));
    }
    if (!before.is(Fact.SHUTDOWN_ASKED)) {
      return Optional.of(new Notice.ShutdownSignal(signal, plan.shutdownDelay()));
    }
    return before.is(Fact.GRACE_OVER)
        ? Optional.empty()
        : Optional.of(new Notice.GracePeriodOver());
  }

  private boolean hasEntrypoint() {
    return !configuration.command().isEmpty();
  }

  private boolean awaitsFile() {
    return !configuration.readinessFile().isEmpty();
  }
}
