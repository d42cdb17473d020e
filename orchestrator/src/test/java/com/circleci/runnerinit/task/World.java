package com.circleci.runnerinit.task;

import com.circleci.runnerinit.linux.ExitStatus;
import com.circleci.runnerinit.linux.Signals;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What surrounds a run: what it was asked to do and has not answered yet, and what of the past the
 * rules look at. It knows the meaning of events and actions, and nothing of how they are decided.
 *
 * @param owed the answers that are still to come
 * @param running the time limits that are running
 * @param used the time limits that were ever set
 * @param alive the children that have started and not exited
 * @param explained the failure that the run ends with
 */
record World(
    Set<Answer> owed,
    Set<Timer> running,
    Set<Timer> used,
    Set<Role> alive,
    Set<Fact> facts,
    Optional<Failure> explained) {
  /** What an action makes the world answer. */
  enum Answer {
    LISTENING,
    USER,
    ENTRYPOINT,
    AGENT,
    FILE,
    DEATHS,
    OUTPUT,
    UNCLAIM,
    FAIL
  }

  /** What has happened once and stays so. */
  enum Fact {
    BEGUN,
    READY,
    /** The file that says that the service containers are up. */
    FILE_SEEN,
    ENTRYPOINT_RAN,
    AGENT_RAN,
    /** By SIGTERM or SIGINT. */
    SHUTDOWN_ASKED,
    /** By SIGINT, at first. */
    INTERRUPTED,
    GRACE_OVER,
    /** The task agent outlived SIGKILL. */
    AGENT_GIVEN_UP,
    /** The custom entrypoint outlived SIGTERM. */
    ENTRYPOINT_GIVEN_UP,
    /** The task agent exited with success before its grace period was over. */
    WENT_WELL,
    KILLED,
    SUMMED_UP,
    /** Some process outlived SIGKILL. */
    LEFTOVERS,
    UNCLAIM_TRIED,
    UNCLAIMED,
    FAIL_TRIED,
    FAIL_SENT,
    ENDED
  }

  private static final Set<Answer> AT_ONCE =
      EnumSet.of(Answer.LISTENING, Answer.USER, Answer.ENTRYPOINT, Answer.AGENT);

  static World beforeTheRun() {
    return new World(Set.of(), Set.of(), Set.of(), Set.of(), Set.of(), Optional.empty());
  }

  /** Every event that a decision can tell from others. */
  static final List<Event> EVENTS = List.copyOf(events());

  private static List<Event> events() {
    List<Event> events = new ArrayList<>();
    events.add(new Event.Begun());
    events.add(new Event.Listening());
    events.add(new Event.ListenFailed("x"));
    events.add(new Event.UserResolved());
    events.add(new Event.ReadinessFileExists());
    events.add(new Event.ProcessesGone());
    events.add(new Event.OutputDrained());
    for (int signal : List.of(Signals.SIGTERM, Signals.SIGINT, Signals.SIGHUP)) {
      events.add(new Event.SignalReceived(signal));
    }
    for (Timer timer : Timer.values()) {
      events.add(new Event.TimerEnded(timer));
    }
    for (Role role : Role.values()) {
      events.add(new Event.Started(role));
      events.add(new Event.StartFailed(role, "x"));
      events.add(new Event.Exited(role, new ExitStatus.Exited(0)));
      events.add(new Event.Exited(role, new ExitStatus.Exited(1)));
    }
    for (Optional<String> error : List.of(Optional.<String>empty(), Optional.of("x"))) {
      events.add(new Event.Unclaimed(error));
      events.add(new Event.FailSent(error));
    }
    return events;
  }

  /**
   * Whether an event may come at all, be it too late. What this process answers itself is answered
   * before a time limit ends.
   */
  boolean isTrue(Event event) {
    return switch (event) {
      case Event.Started(Role role) -> owed.contains(startOf(role));
      case Event.ProcessesGone() -> noneLives();
      case Event.TimerEnded(Timer timer) -> !running.contains(timer) || !isAnsweredAtOnce();
      default -> true;
    };
  }

  /** Whether an event answers what was asked, or may come unasked; any other is too late. */
  boolean expects(Event event) {
    return switch (event) {
      case Event.Begun() -> !is(Fact.BEGUN);
      case Event.Listening() -> owed.contains(Answer.LISTENING);
      case Event.ListenFailed(String _) -> owed.contains(Answer.LISTENING);
      case Event.UserResolved() -> owed.contains(Answer.USER);
      case Event.Started(Role role) -> owed.contains(startOf(role));
      case Event.StartFailed(Role role, String _) ->
          owed.contains(startOf(role)) || (role == Role.AGENT && owed.contains(Answer.USER));
      case Event.ReadinessFileExists() -> owed.contains(Answer.FILE);
      case Event.SignalReceived _ -> true;
      case Event.Exited(Role role, ExitStatus _) -> alive.contains(role);
      case Event.TimerEnded(Timer timer) -> running.contains(timer) && !isAnsweredAtOnce();
      case Event.ProcessesGone() -> owed.contains(Answer.DEATHS) && noneLives();
      case Event.OutputDrained() -> owed.contains(Answer.OUTPUT);
      case Event.Unclaimed _ -> owed.contains(Answer.UNCLAIM);
      case Event.FailSent _ -> owed.contains(Answer.FAIL);
    };
  }

  /**
   * Whether an event that is expected comes whatever others do: what this process answers itself,
   * and the end of a time limit. A task that nobody wants to end is trusted to end.
   */
  boolean isCertain(Event event) {
    return switch (event) {
      case Event.Begun _, Event.Listening _, Event.UserResolved _, Event.Started _ -> true;
      case Event.OutputDrained _, Event.TimerEnded _ -> true;
      case Event.Exited(Role role, ExitStatus _) -> role == Role.AGENT && !is(Fact.SHUTDOWN_ASKED);
      default -> false;
    };
  }

  boolean is(Fact fact) {
    return facts.contains(fact);
  }

  private boolean isAnsweredAtOnce() {
    return owed.stream().anyMatch(AT_ONCE::contains);
  }

  /** The first signal that asked for a shutdown. */
  int shutdownSignal() {
    return is(Fact.INTERRUPTED) ? Signals.SIGINT : Signals.SIGTERM;
  }

  /** Whether no child lives or is being started. */
  boolean noneLives() {
    return alive.isEmpty() && !owed.contains(Answer.ENTRYPOINT) && !owed.contains(Answer.AGENT);
  }

  /** The world after an event that it expects, and after what was decided upon it. */
  World after(Event event, List<Action> actions) {
    World next =
        new World(
            copy(Answer.class, owed),
            copy(Timer.class, running),
            copy(Timer.class, used),
            copy(Role.class, alive),
            copy(Fact.class, facts),
            actions.stream()
                .filter(Action.Explain.class::isInstance)
                .map(action -> ((Action.Explain) action).failure())
                .findFirst()
                .or(() -> explained));
    next.see(event);
    actions.forEach(next::doWhatWasDecided);
    return next;
  }

  private void see(Event event) {
    switch (event) {
      case Event.Begun() -> facts.add(Fact.BEGUN);
      case Event.Listening() -> owed.remove(Answer.LISTENING);
      case Event.ListenFailed _ -> owed.remove(Answer.LISTENING);
      case Event.UserResolved() -> owed.remove(Answer.USER);
      case Event.Started(Role role) -> {
        owed.remove(startOf(role));
        alive.add(role);
        facts.add(role == Role.AGENT ? Fact.AGENT_RAN : Fact.ENTRYPOINT_RAN);
      }
      case Event.StartFailed(Role role, String _) -> {
        owed.remove(startOf(role));
        owed.remove(Answer.USER);
      }
      case Event.ReadinessFileExists() -> {
        owed.remove(Answer.FILE);
        facts.add(Fact.FILE_SEEN);
      }
      case Event.SignalReceived(int signal) -> {
        if (signal == Signals.SIGINT && !is(Fact.SHUTDOWN_ASKED)) {
          facts.add(Fact.INTERRUPTED);
        }
        if (signal != Signals.SIGHUP) {
          facts.add(Fact.SHUTDOWN_ASKED);
        }
      }
      case Event.Exited(Role role, ExitStatus status) -> {
        alive.remove(role);
        if (role == Role.AGENT && status.isSuccess() && !is(Fact.GRACE_OVER)) {
          facts.add(Fact.WENT_WELL);
        }
      }
      case Event.TimerEnded(Timer timer) -> {
        running.remove(timer);
        switch (timer) {
          case AGENT_DEATH -> facts.add(Fact.AGENT_GIVEN_UP);
          case ENTRYPOINT_KILL -> facts.add(Fact.ENTRYPOINT_GIVEN_UP);
          case SWEEP -> facts.add(Fact.LEFTOVERS);
          default -> {}
        }
      }
      case Event.ProcessesGone() -> owed.remove(Answer.DEATHS);
      case Event.OutputDrained() -> owed.remove(Answer.OUTPUT);
      case Event.Unclaimed(Optional<String> error) -> {
        owed.remove(Answer.UNCLAIM);
        if (error.isEmpty()) {
          facts.add(Fact.UNCLAIMED);
        }
      }
      case Event.FailSent(Optional<String> error) -> {
        owed.remove(Answer.FAIL);
        if (error.isEmpty()) {
          facts.add(Fact.FAIL_SENT);
        }
      }
    }
  }

  private void doWhatWasDecided(Action action) {
    switch (action) {
      case Action.Listen() -> owed.add(Answer.LISTENING);
      case Action.ResolveUser() -> owed.add(Answer.USER);
      case Action.Start(Role role) -> owed.add(startOf(role));
      case Action.BecomeReady() -> facts.add(Fact.READY);
      case Action.AwaitReadinessFile() -> owed.add(Answer.FILE);
      case Action.StopAwaitingReadinessFile() -> owed.remove(Answer.FILE);
      case Action.SetTimer(Timer timer, var _) -> {
        running.add(timer);
        used.add(timer);
      }
      case Action.CancelTimer(Timer timer) -> running.remove(timer);
      case Action.SignalGroup _ -> {}
      case Action.KillEverything() -> {
        facts.add(Fact.KILLED);
        owed.add(Answer.DEATHS);
      }
      case Action.SumUp() -> facts.add(Fact.SUMMED_UP);
      case Action.DrainOutput() -> {
        owed.remove(Answer.DEATHS);
        owed.add(Answer.OUTPUT);
      }
      case Action.Explain _ -> {}
      case Action.Unclaim() -> {
        facts.add(Fact.UNCLAIM_TRIED);
        owed.add(Answer.UNCLAIM);
      }
      case Action.SendFail _ -> {
        facts.add(Fact.FAIL_TRIED);
        owed.add(Answer.FAIL);
      }
      case Action.Log(Notice notice) -> {
        if (notice instanceof Notice.GracePeriodOver) {
          facts.add(Fact.GRACE_OVER);
        }
      }
      case Action.End _ -> {
        facts.add(Fact.ENDED);
        // Nobody listens any more.
        owed.clear();
      }
    }
  }

  private static Answer startOf(Role role) {
    return switch (role) {
      case ENTRYPOINT -> Answer.ENTRYPOINT;
      case AGENT -> Answer.AGENT;
    };
  }

  private static <E extends Enum<E>> Set<E> copy(Class<E> type, Collection<E> elements) {
    Set<E> copy = EnumSet.noneOf(type);
    copy.addAll(elements);
    return copy;
  }
}
