package com.circleci.runnerinit.task;

import static com.circleci.runnerinit.linux.Signals.SIGINT;
import static com.circleci.runnerinit.linux.Signals.SIGKILL;
import static com.circleci.runnerinit.linux.Signals.SIGTERM;
import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.linux.ExitStatus;
import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.task.State.AgentRunning;
import com.circleci.runnerinit.task.State.AwaitingReadiness;
import com.circleci.runnerinit.task.State.DrainingOutput;
import com.circleci.runnerinit.task.State.Early;
import com.circleci.runnerinit.task.State.Ended;
import com.circleci.runnerinit.task.State.Ending;
import com.circleci.runnerinit.task.State.NotBegun;
import com.circleci.runnerinit.task.State.OpeningHealth;
import com.circleci.runnerinit.task.State.ResolvingUser;
import com.circleci.runnerinit.task.State.SendingFail;
import com.circleci.runnerinit.task.State.Shutdown;
import com.circleci.runnerinit.task.State.StartingAgent;
import com.circleci.runnerinit.task.State.StartingEntrypoint;
import com.circleci.runnerinit.task.State.StoppingEntrypoint;
import com.circleci.runnerinit.task.State.Sweeping;
import com.circleci.runnerinit.task.State.Unclaiming;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Decides what to do when something happens to a task. It knows no process, socket or clock: events
 * go in, actions come out. An event that means nothing in the present state changes nothing.
 */
public final class Orchestrator {
  /** How long the service containers may take to become ready. */
  static final Duration READINESS_LIMIT = Duration.ofMinutes(10);

  /** From SIGTERM to SIGKILL, for a child that does not heed the first. */
  static final Duration KILL_DELAY = Duration.ofSeconds(2);

  /** How long a process may take to die of SIGKILL; one in uninterruptible sleep takes longer. */
  static final Duration DEATH_LIMIT = Duration.ofSeconds(3);

  /** All calls to the runner API together. */
  public static final Duration REPORT_LIMIT = Duration.ofSeconds(15);

  private static final String STILL_RUNNING =
      "error on shutdown: task agent process is still running, which could interrupt the task."
          + " Possible reasons include the Pod being evicted or deleted";

  static final String RETRY_FAILED = "failed to retry task: ";

  private final Plan plan;
  private final Configuration configuration;
  private State state = new NotBegun();
  private final Set<Role> running = EnumSet.noneOf(Role.class);
  private final List<Action> actions = new ArrayList<>();
  private boolean leftovers;

  public Orchestrator(Plan plan) {
    this.plan = requireNonNull(plan, "plan is null");
    configuration = plan.parsed().configuration();
  }

  /** Takes an event and returns what to do now, in this order. */
  public List<Action> on(Event event) {
    actions.clear();
    if (!(state instanceof Ended)) {
      take(event);
    }
    return List.copyOf(actions);
  }

  private void take(Event event) {
    switch (event) {
      case Event.Begun() -> begin();
      case Event.Listening() -> resolveUser();
      case Event.ListenFailed(String reason) -> listenFailed(reason);
      case Event.UserResolved() -> startEntrypointIfAny();
      case Event.Started(Role role) -> started(role);
      case Event.StartFailed(Role role, String reason) -> startFailed(role, reason);
      case Event.ReadinessFileExists() -> readinessFileExists();
      case Event.SignalReceived received -> signalReceived(received.signal());
      case Event.Exited(Role role, ExitStatus status) -> exited(role, status);
      case Event.TimerEnded(Timer timer) -> timerEnded(timer);
      case Event.ProcessesGone() -> processesGone();
      case Event.OutputDrained() -> outputDrained();
      case Event.Unclaimed(Optional<String> error) -> unclaimed(error);
      case Event.FailSent(Optional<String> error) -> failSent(error);
    }
  }

  /** A word for the present state, as the metrics show it. */
  public String phase() {
    return switch (state) {
      case AwaitingReadiness() -> "awaiting_readiness";
      case Early early -> "starting";
      case StartingAgent starting -> "starting";
      case AgentRunning(Shutdown shutdown) ->
          shutdown == Shutdown.NOT_ASKED ? "running" : "draining";
      case Ending ending -> "stopping";
      case Unclaiming unclaiming -> "reporting";
      case SendingFail sendingFail -> "reporting";
      case Ended() -> "ended";
    };
  }

  /** All that the next decision depends on, as a text. */
  String describe() {
    return state + " " + running + " " + leftovers;
  }

  private void begin() {
    if (state instanceof NotBegun) {
      plan.parsed()
          .problem()
          .ifPresentOrElse(
              problem ->
                  sweep(
                      Optional.of(
                          Failure.notRetryable(
                              "error in the task configuration ($CIRCLECI_GOAT_CONFIG): "
                                  + problem))),
              () -> {
                state = new OpeningHealth();
                act(new Action.Listen());
              });
    }
  }

  private void listenFailed(String reason) {
    if (state instanceof OpeningHealth) {
      sweep(Optional.of(Failure.retryable("failed to load health check API: " + reason)));
    }
  }

  private void resolveUser() {
    if (state instanceof OpeningHealth) {
      state = new ResolvingUser();
      act(new Action.ResolveUser());
    }
  }

  private void startEntrypointIfAny() {
    if (state instanceof ResolvingUser) {
      if (configuration.command().isEmpty()) {
        becomeReady();
      } else {
        state = new StartingEntrypoint();
        act(new Action.Start(Role.ENTRYPOINT));
      }
    }
  }

  private void started(Role role) {
    running.add(role);
    if (state instanceof StartingEntrypoint) {
      becomeReady();
    } else if (state instanceof StartingAgent(OptionalInt signal)) {
      state = new AgentRunning(Shutdown.NOT_ASKED);
      signal.ifPresent(received -> shutDown(Shutdown.NOT_ASKED, received));
    }
  }

  private void startFailed(Role role, String reason) {
    if (role == Role.ENTRYPOINT && state instanceof StartingEntrypoint) {
      sweep(
          Optional.of(
              Failure.notRetryable(
                  "error starting custom entrypoint ["
                      + String.join(" ", configuration.command())
                      + "]: "
                      + reason)));
    } else if (role == Role.AGENT
        && (state instanceof StartingAgent || state instanceof ResolvingUser)) {
      stopEntrypoint(
          Optional.of(
              Failure.retryable(
                  "error while executing task agent: failed to start task agent command: "
                      + reason)));
    }
  }

  private void becomeReady() {
    act(new Action.BecomeReady());
    if (configuration.readinessFile().isEmpty()) {
      startAgent();
    } else {
      state = new AwaitingReadiness();
      act(new Action.SetTimer(Timer.READINESS, READINESS_LIMIT));
      act(new Action.AwaitReadinessFile());
    }
  }

  private void readinessFileExists() {
    if (state instanceof AwaitingReadiness) {
      stopAwaiting();
      startAgent();
    }
  }

  private void readinessWaitFailed(String reason) {
    if (state instanceof AwaitingReadiness) {
      stopAwaiting();
      stopEntrypoint(
          Optional.of(
              Failure.retryable(
                  "error waiting for service containers to become ready: " + reason)));
    }
  }

  private void stopAwaiting() {
    act(new Action.CancelTimer(Timer.READINESS));
    act(new Action.StopAwaitingReadinessFile());
  }

  private void startAgent() {
    state = new StartingAgent(OptionalInt.empty());
    act(new Action.Start(Role.AGENT));
  }

  private void signalReceived(int signal) {
    if (signal != SIGTERM && signal != SIGINT) {
      running.forEach(role -> act(new Action.SignalGroup(role, signal)));
      return;
    }
    switch (state) {
      case AwaitingReadiness() -> {
        announceShutdown(signal, Duration.ZERO);
        readinessWaitFailed("interrupted by signal: " + Signals.describe(signal));
      }
      case Early early -> {
        announceShutdown(signal, Duration.ZERO);
        stopEntrypoint(
            Optional.of(
                Failure.retryable(
                    "error on shutdown: interrupted by signal: "
                        + Signals.describe(signal)
                        + " before the task agent was started")));
      }
      case StartingAgent(OptionalInt first) ->
          state = new StartingAgent(first.isPresent() ? first : OptionalInt.of(signal));
      case AgentRunning(Shutdown shutdown) -> shutDown(shutdown, signal);
      case StoppingEntrypoint(Optional<Failure> failure) -> killEntrypoint(failure);
      case Sweeping sweeping -> {}
      case DrainingOutput draining -> {}
      case Unclaiming unclaiming -> {}
      case SendingFail sendingFail -> {}
      case Ended() -> {}
    }
  }

  private void announceShutdown(int signal, Duration delay) {
    act(new Action.Log(new Notice.ShutdownSignal(signal, delay)));
  }

  private void shutDown(Shutdown shutdown, int signal) {
    switch (shutdown) {
      case NOT_ASKED -> {
        announceShutdown(signal, plan.shutdownDelay());
        if (plan.signalPolicy() == SignalPolicy.FORWARD) {
          act(new Action.SignalGroup(Role.AGENT, signal));
        }
        if (plan.shutdownDelay().isZero()) {
          beginGracePeriod();
        } else {
          state = new AgentRunning(Shutdown.DELAYED);
          act(new Action.SetTimer(Timer.SHUTDOWN_DELAY, plan.shutdownDelay()));
        }
      }
      case DELAYED -> {
        act(new Action.CancelTimer(Timer.SHUTDOWN_DELAY));
        terminateAgent();
      }
      case GRACE -> {
        act(new Action.CancelTimer(Timer.GRACE_PERIOD));
        terminateAgent();
      }
      case TERMINATING, KILLING -> {}
    }
  }

  private void beginGracePeriod() {
    state = new AgentRunning(Shutdown.GRACE);
    act(new Action.SetTimer(Timer.GRACE_PERIOD, plan.gracePeriod()));
  }

  private void terminateAgent() {
    act(new Action.Log(new Notice.GracePeriodOver()));
    state = new AgentRunning(Shutdown.TERMINATING);
    act(new Action.SignalGroup(Role.AGENT, SIGTERM));
    act(new Action.SetTimer(Timer.AGENT_KILL, KILL_DELAY));
  }

  private void exited(Role role, ExitStatus status) {
    if (!running.remove(role)) {
      return;
    }
    switch (role) {
      case ENTRYPOINT -> {
        if (state instanceof StoppingEntrypoint(Optional<Failure> failure)) {
          act(new Action.CancelTimer(Timer.ENTRYPOINT_KILL));
          sweep(failure);
        } else if (!leftovers && !(state instanceof Ending)) {
          act(new Action.Log(new Notice.EntrypointEnded(status)));
        }
      }
      case AGENT -> {
        if (state instanceof AgentRunning(Shutdown shutdown)) {
          agentExited(shutdown, status);
        }
      }
    }
  }

  private void agentExited(Shutdown shutdown, ExitStatus status) {
    switch (shutdown) {
      case NOT_ASKED -> {}
      case DELAYED -> act(new Action.CancelTimer(Timer.SHUTDOWN_DELAY));
      case GRACE -> act(new Action.CancelTimer(Timer.GRACE_PERIOD));
      case TERMINATING -> act(new Action.CancelTimer(Timer.AGENT_KILL));
      case KILLING -> act(new Action.CancelTimer(Timer.AGENT_DEATH));
    }
    // What the agent left in its group is no service that the entrypoint could need.
    act(new Action.SignalGroup(Role.AGENT, SIGKILL));
    if (shutdown == Shutdown.TERMINATING || shutdown == Shutdown.KILLING) {
      stopEntrypoint(Optional.of(Failure.notRetryable(STILL_RUNNING)));
    } else if (status.isSuccess()) {
      stopEntrypoint(Optional.empty());
    } else {
      stopEntrypoint(
          Optional.of(
              Failure.ofAgent(
                  "error while executing task agent: task agent command exited with an unexpected"
                      + " error: "
                      + status,
                  status.isKill())));
    }
  }

  private void stopEntrypoint(Optional<Failure> failure) {
    if (running.contains(Role.ENTRYPOINT)) {
      state = new StoppingEntrypoint(failure);
      act(new Action.SignalGroup(Role.ENTRYPOINT, SIGTERM));
      act(new Action.SetTimer(Timer.ENTRYPOINT_KILL, KILL_DELAY));
    } else {
      sweep(failure);
    }
  }

  private void killEntrypoint(Optional<Failure> failure) {
    act(new Action.CancelTimer(Timer.ENTRYPOINT_KILL));
    sweep(failure);
  }

  private void sweep(Optional<Failure> failure) {
    state = new Sweeping(failure);
    act(new Action.SetTimer(Timer.SWEEP, DEATH_LIMIT));
    act(new Action.KillEverything());
  }

  private void processesGone() {
    if (state instanceof Sweeping(Optional<Failure> failure)) {
      act(new Action.CancelTimer(Timer.SWEEP));
      drain(failure);
    }
  }

  private void drain(Optional<Failure> failure) {
    state = new DrainingOutput(failure);
    act(new Action.SumUp());
    act(new Action.DrainOutput());
  }

  private void outputDrained() {
    if (state instanceof DrainingOutput(Optional<Failure> failure)) {
      failure.ifPresentOrElse(this::report, () -> end(ExitCode.HANDLED, List.of()));
    }
  }

  private void timerEnded(Timer timer) {
    switch (timer) {
      case READINESS ->
          readinessWaitFailed(
              "the readiness file did not appear within " + READINESS_LIMIT.toMinutes() + "m");
      case SHUTDOWN_DELAY -> {
        if (isShutdown(Shutdown.DELAYED)) {
          beginGracePeriod();
        }
      }
      case GRACE_PERIOD -> {
        if (isShutdown(Shutdown.GRACE)) {
          terminateAgent();
        }
      }
      case AGENT_KILL -> {
        if (isShutdown(Shutdown.TERMINATING)) {
          state = new AgentRunning(Shutdown.KILLING);
          act(new Action.SignalGroup(Role.AGENT, SIGKILL));
          act(new Action.SetTimer(Timer.AGENT_DEATH, DEATH_LIMIT));
        }
      }
      case AGENT_DEATH -> {
        if (isShutdown(Shutdown.KILLING)) {
          stopEntrypoint(Optional.of(Failure.notRetryable(STILL_RUNNING)));
        }
      }
      case ENTRYPOINT_KILL -> {
        if (state instanceof StoppingEntrypoint(Optional<Failure> failure)) {
          sweep(failure);
        }
      }
      case SWEEP -> {
        if (state instanceof Sweeping(Optional<Failure> failure)) {
          act(new Action.Log(new Notice.LeftoversRemain()));
          leftovers = true;
          drain(failure);
        }
      }
      case REPORT -> reportTimedOut();
    }
  }

  private boolean isShutdown(Shutdown expected) {
    return state instanceof AgentRunning(Shutdown shutdown) && shutdown == expected;
  }

  private void report(Failure failure) {
    act(new Action.Explain(failure));
    if (!configuration.canReport()) {
      end(ExitCode.FAILED, List.of(failure.message()));
      return;
    }
    act(new Action.SetTimer(Timer.REPORT, REPORT_LIMIT));
    boolean retryable = failure.retryable() || configuration.enableUnsafeRetries();
    // A second run must not overlap with what is left of this one.
    if (retryable && !leftovers) {
      state = new Unclaiming(failure);
      act(new Action.Unclaim());
    } else {
      sendFail(failure, Optional.empty());
    }
  }

  private void sendFail(Failure failure, Optional<String> unclaimError) {
    state = new SendingFail(failure, unclaimError);
    act(new Action.SendFail(failure));
  }

  private void unclaimed(Optional<String> error) {
    if (state instanceof Unclaiming(Failure failure)) {
      if (error.isPresent()) {
        sendFail(failure, error);
      } else {
        act(new Action.CancelTimer(Timer.REPORT));
        act(new Action.Log(new Notice.Retrying(failure)));
        end(ExitCode.HANDLED, List.of());
      }
    }
  }

  private void failSent(Optional<String> error) {
    if (state instanceof SendingFail(Failure failure, Optional<String> unclaimError)) {
      act(new Action.CancelTimer(Timer.REPORT));
      if (error.isPresent()) {
        endUntold(failure, unclaimError, error.get());
      } else {
        act(new Action.Log(new Notice.Reported(failure, unclaimError)));
        end(ExitCode.HANDLED, List.of());
      }
    }
  }

  private void reportTimedOut() {
    String late = "the runner API did not answer within " + REPORT_LIMIT.toSeconds() + "s";
    switch (state) {
      case Unclaiming(Failure failure) -> endUntold(failure, Optional.of(late), late);
      case SendingFail(Failure failure, Optional<String> unclaimError) ->
          endUntold(failure, unclaimError, late);
      default -> {}
    }
  }

  private void endUntold(Failure failure, Optional<String> unclaimError, String failError) {
    List<String> untold = new ArrayList<>();
    untold.add(failure.message());
    unclaimError.ifPresent(error -> untold.add(RETRY_FAILED + error));
    untold.add("failed to send fail event for task: " + failError);
    end(ExitCode.FAILED, untold);
  }

  private void end(ExitCode code, List<String> untold) {
    state = new Ended();
    act(new Action.End(code, untold));
  }

  private void act(Action action) {
    actions.add(action);
  }
}
