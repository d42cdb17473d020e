package com.circleci.runnerinit.acceptance.soak;

import com.circleci.runnerinit.testing.Route;
import com.circleci.runnerinit.testing.Signal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Foretells how a run may end, from the error table of the specification alone. Without a signal,
 * there is one way.
 */
final class Oracle {
  private static final String AGENT = "error while executing task agent: ";
  private static final String AGENT_FAILED =
      AGENT + "task agent command exited with an unexpected error: ";

  private final Behaviour behaviour;

  Oracle(Behaviour behaviour) {
    this.behaviour = behaviour;
  }

  /**
   * One way to end.
   *
   * @param calls the paths of all attempts, in order
   * @param message how the failure's message begins; empty for a success
   */
  record Outcome(int exitCode, List<String> calls, String message) {}

  Set<Outcome> outcomes() {
    var outcomes = new LinkedHashSet<Outcome>();
    if (!(behaviour.startsTheAgent() && behaviour.end() instanceof AgentEnd.Never)) {
      outcomes.add(undisturbed());
    }
    behaviour.shutdown().ifPresent(shutdown -> addDisturbed(shutdown, outcomes));
    return outcomes;
  }

  private Outcome undisturbed() {
    if (behaviour.user() == Behaviour.User.UNKNOWN) {
      return retryable(AGENT + "failed to start task agent command: user: ");
    }
    if (behaviour.service().kind() == Service.Kind.NOT_THERE) {
      return notRetryable("error starting custom entrypoint [/missing]: ");
    }
    return switch (behaviour.end()) {
      case AgentEnd.Exit(int status) -> exited(status);
      case AgentEnd.Death(Signal signal) -> died(signal);
      case AgentEnd.NoBeginning() -> retryable(AGENT + "failed to start task agent command: ");
      case AgentEnd.Never() -> throw new IllegalStateException("it never ends by itself");
    };
  }

  /** It may come before the agent, into its run, or too late to matter. */
  private void addDisturbed(Shutdown shutdown, Set<Outcome> outcomes) {
    var interrupted = "interrupted by signal: " + shutdown.signalInWords();
    outcomes.add(
        retryable("error on shutdown: " + interrupted + " before the task agent was started"));
    if (behaviour.readiness() != Behaviour.Readiness.NOT_AWAITED) {
      outcomes.add(
          retryable("error waiting for service containers to become ready: " + interrupted));
    }
    if (!behaviour.startsTheAgent()) {
      return;
    }
    if (shutdown.mayCutShort()) {
      outcomes.add(
          notRetryable(
              "error on shutdown: task agent process is still running, which could interrupt the"
                  + " task. Possible reasons include the Pod being evicted or deleted"));
    }
    if (shutdown.forward()) {
      outcomes.add(died(shutdown.signal()));
      onTerm().filter(_ -> shutdown.signal() == Signal.TERM).ifPresent(outcomes::add);
    }
  }

  private Optional<Outcome> onTerm() {
    return behaviour.onTerm().map(what -> exited(Integer.parseInt(what.substring(5))));
  }

  private Outcome exited(int status) {
    return status == 0
        ? new Outcome(0, List.of(), "")
        : notRetryable(AGENT_FAILED + "exit status " + status);
  }

  private Outcome died(Signal signal) {
    return notRetryable(AGENT_FAILED + "signal: " + inWords(signal));
  }

  private Outcome retryable(String message) {
    return reported(message, true);
  }

  private Outcome notRetryable(String message) {
    return reported(message, behaviour.unsafeRetries());
  }

  private Outcome reported(String message, boolean unclaims) {
    var calls = new ArrayList<String>();
    var told = false;
    if (unclaims) {
      calls.addAll(behaviour.unclaim().calls(Route.UNCLAIM));
      told = behaviour.unclaim().isGood();
    }
    if (!told) {
      calls.addAll(behaviour.fail().calls(Route.FAIL));
      told = behaviour.fail().isGood();
    }
    return new Outcome(told ? 0 : 1, calls, message);
  }

  /** As Go's os package calls it. */
  private static String inWords(Signal signal) {
    return switch (signal) {
      case KILL -> "killed";
      case TERM -> "terminated";
      case INT -> "interrupt";
      case HUP -> "hangup";
      case SEGV -> "segmentation fault";
      case ABRT -> "aborted";
      case USR1 -> "user defined signal 1";
      default -> throw new IllegalArgumentException("no words for " + signal);
    };
  }
}
