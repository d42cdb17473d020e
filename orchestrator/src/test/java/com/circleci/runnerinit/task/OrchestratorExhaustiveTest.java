package com.circleci.runnerinit.task;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.configuration.ParsedConfiguration;
import com.circleci.runnerinit.configuration.Secret;
import com.circleci.runnerinit.linux.ExitStatus;
import com.circleci.runnerinit.linux.Signals;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every sequence of events up to a length, and what must hold in each. A child starts only when it
 * was asked for, and exits only when it has started; all else may come at any time.
 *
 * <p>Sequences that lead to the same state, with the same history as far as the rules look at it,
 * are followed once; so all sequences of that length are covered by far fewer walks.
 */
class OrchestratorExhaustiveTest {
  private static final int LENGTH = 12;

  private static final List<Event> EVENTS =
      List.of(
          new Event.Begun(),
          new Event.Listening(),
          new Event.ListenFailed("x"),
          new Event.UserResolved(),
          new Event.Started(Role.ENTRYPOINT),
          new Event.Started(Role.AGENT),
          new Event.StartFailed(Role.ENTRYPOINT, "x"),
          new Event.StartFailed(Role.AGENT, "x"),
          new Event.ReadinessFileExists(),
          new Event.SignalReceived(Signals.SIGTERM),
          new Event.SignalReceived(Signals.SIGHUP),
          new Event.Exited(Role.ENTRYPOINT, new ExitStatus.Exited(0)),
          new Event.Exited(Role.AGENT, new ExitStatus.Exited(0)),
          new Event.Exited(Role.AGENT, new ExitStatus.Exited(1)),
          new Event.TimerEnded(Timer.READINESS),
          new Event.TimerEnded(Timer.SHUTDOWN_DELAY),
          new Event.TimerEnded(Timer.GRACE_PERIOD),
          new Event.TimerEnded(Timer.AGENT_KILL),
          new Event.TimerEnded(Timer.AGENT_DEATH),
          new Event.TimerEnded(Timer.ENTRYPOINT_KILL),
          new Event.TimerEnded(Timer.SWEEP),
          new Event.TimerEnded(Timer.REPORT),
          new Event.ProcessesGone(),
          new Event.OutputDrained(),
          new Event.Unclaimed(Optional.empty()),
          new Event.Unclaimed(Optional.of("x")),
          new Event.FailSent(Optional.empty()),
          new Event.FailSent(Optional.of("x")));

  @ParameterizedTest
  @CsvSource({
    "false, false, 0, DRAIN", "true, false, 0, DRAIN", "false, true, 0, DRAIN",
    "true, true, 5, DRAIN", "true, true, 5, FORWARD", "false, true, 0, FORWARD"
  })
  void shouldHoldItsPromisesWhateverHappens(
      boolean entrypoint, boolean unsafeRetries, int delaySeconds, SignalPolicy policy) {
    Plan plan = plan(entrypoint, unsafeRetries, delaySeconds, policy);
    List<History> layer = List.of(new History(List.of(), new Orchestrator(plan)));
    Set<String> seen = new HashSet<>();
    long walked = 0;
    for (int length = 1; length <= LENGTH; length++) {
      List<History> next = new ArrayList<>();
      for (History history : layer) {
        for (Event event : EVENTS) {
          if (!history.isPossible(event)) {
            continue;
          }
          History longer = history.then(plan, event);
          walked++;
          if (seen.add(longer.fingerprint())) {
            next.add(longer);
          }
        }
      }
      layer = next;
    }
    double sequences = Math.pow(EVENTS.size(), LENGTH);
    System.out.printf(
        "exhaustive: %.0e sequences of %d events by %d walks through %d states%n",
        sequences, LENGTH, walked, seen.size());
    assertThat(seen).hasSizeGreaterThan(50);
  }

  /** One sequence of events, and what the rules have to know of it. */
  private record History(
      List<Event> events,
      Orchestrator orchestrator,
      int unclaims,
      int unclaimsTaken,
      int fails,
      Set<Role> asked,
      boolean resolving,
      Set<Role> alive,
      boolean ended) {
    History(List<Event> events, Orchestrator orchestrator) {
      this(events, orchestrator, 0, 0, 0, Set.of(), false, Set.of(), false);
    }

    /** What is asked for is answered at once: only what was on its way before comes earlier. */
    boolean isPossible(Event event) {
      boolean waiting = resolving || !asked.isEmpty();
      return switch (event) {
        case Event.Started(Role role) -> asked.contains(role);
        case Event.StartFailed(Role role, String _) ->
            asked.contains(role) || (resolving && role == Role.AGENT);
        case Event.Exited(Role role, ExitStatus _) -> alive.contains(role);
        case Event.UserResolved() -> resolving;
        case Event.SignalReceived _ -> true;
        default -> !waiting;
      };
    }

    /** The orchestrator has no copy: it is led through the whole sequence again. */
    History then(Plan plan, Event event) {
      Orchestrator again = new Orchestrator(plan);
      events.forEach(again::on);
      List<Action> actions = again.on(event);
      List<Event> longer = new ArrayList<>(events);
      longer.add(event);

      Set<Role> nowAlive = EnumSet.noneOf(Role.class);
      nowAlive.addAll(alive);
      Set<Role> nowAsked = EnumSet.noneOf(Role.class);
      nowAsked.addAll(asked);
      switch (event) {
        case Event.Started(Role role) -> {
          nowAsked.remove(role);
          nowAlive.add(role);
        }
        case Event.StartFailed(Role role, String _) -> nowAsked.remove(role);
        case Event.Exited(Role role, ExitStatus _) -> nowAlive.remove(role);
        case Event.ProcessesGone() -> nowAlive.clear();
        default -> {}
      }
      for (Action action : actions) {
        if (action instanceof Action.Start(Role role)) {
          nowAsked.add(role);
        }
      }
      boolean answered =
          event instanceof Event.UserResolved
              || (event instanceof Event.StartFailed && asked.isEmpty());
      boolean nowResolving =
          count(actions, Action.ResolveUser.class) > 0 || (resolving && !answered);
      int newUnclaims = unclaims + count(actions, Action.Unclaim.class);
      int newFails = fails + count(actions, Action.SendFail.class);
      boolean taken =
          event instanceof Event.Unclaimed(Optional<String> error)
              && error.isEmpty()
              && unclaims > 0
              && !ended;
      check(longer, actions, nowAlive, newUnclaims, newFails);
      return new History(
          longer,
          again,
          newUnclaims,
          unclaimsTaken + (taken ? 1 : 0),
          newFails,
          nowAsked,
          nowResolving,
          nowAlive,
          ended || count(actions, Action.End.class) > 0);
    }

    private void check(
        List<Event> sequence,
        List<Action> actions,
        Set<Role> nowAlive,
        int allUnclaims,
        int allFails) {
      assertThat(allUnclaims).as("unclaims after %s", sequence).isLessThanOrEqualTo(1);
      assertThat(allFails).as("fail events after %s", sequence).isLessThanOrEqualTo(1);
      if (ended) {
        assertThat(actions).as("after the end, in %s", sequence).isEmpty();
      }
      if (count(actions, Action.Unclaim.class) > 0) {
        assertThat(nowAlive).as("alive at the unclaim, after %s", sequence).isEmpty();
      }
      if (count(actions, Action.SendFail.class) > 0) {
        assertThat(unclaimsTaken).as("the task runs again, after %s", sequence).isZero();
      }
      boolean starts = count(actions, Action.Start.class) > 0;
      assertThat(starts && (allUnclaims > 0 || allFails > 0))
          .as("a start after a report, in %s", sequence)
          .isFalse();
      actions.forEach(action -> checkEnd(action, sequence, allUnclaims + allFails));
    }

    private static void checkEnd(Action action, List<Event> sequence, int reports) {
      if (action instanceof Action.End(ExitCode code, List<String> untold)) {
        assertThat(untold.isEmpty())
            .as("%s with %s after %s", code, untold, sequence)
            .isEqualTo(code == ExitCode.HANDLED);
        assertThat(code == ExitCode.HANDLED || reports > 0)
            .as("untold without a try after %s", sequence)
            .isTrue();
      }
    }

    private static int count(List<Action> actions, Class<? extends Action> kind) {
      return (int) actions.stream().filter(kind::isInstance).count();
    }

    String fingerprint() {
      return orchestrator.describe()
          + unclaims
          + unclaimsTaken
          + fails
          + asked
          + resolving
          + alive
          + ended;
    }
  }

  private static Plan plan(
      boolean entrypoint, boolean unsafeRetries, int delaySeconds, SignalPolicy policy) {
    Configuration configuration =
        new Configuration(
            entrypoint ? List.of("dockerd") : List.of(),
            "",
            "task",
            entrypoint ? "/ready" : "",
            unsafeRetries,
            new Secret("token"),
            "/agent",
            "http://localhost",
            "allocation",
            "",
            Duration.ZERO);
    return new Plan(
        new ParsedConfiguration(configuration, Optional.empty()),
        Duration.ofSeconds(delaySeconds),
        Duration.ofSeconds(10),
        policy);
  }
}
