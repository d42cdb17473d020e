package com.circleci.runnerinit.cmd;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.linux.SimulatedKernel;
import com.circleci.runnerinit.linux.SimulatedKernel.Simulated;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * All that may happen to a task, each kind of thing a bounded number of times; and the rules that
 * hold whatever happens. Somebody else chooses.
 */
final class Happenings implements SimulatedKernel.World {
  /** At these calls, the program does not wait, and something may have happened just before. */
  private static final Set<String> BETWEEN = Set.of("SIGNALFD4", "SOCKET", "SPAWN", "PIPE2");

  private static final int MOST_LIMITS_PASSED = 3000;

  /** Chooses one of several things. */
  interface Chooser {
    /** The index of what happens. */
    int choose(SimulatedKernel kernel, List<String> options);
  }

  /** How often each may happen. */
  record Budget(int stops, int hangups, int orphans, int floods) {}

  private final Simulation task;
  private final SimulatedKernel kernel;
  private final Chooser chooser;
  private final Rules rules;
  private final Budget budget;
  private String moment = "";
  private int stops;
  private int hangups;
  private int orphans;
  private int floods;

  Happenings(Simulation task, Budget budget, Chooser chooser, Rules rules) {
    this.task = task;
    this.kernel = task.kernel();
    this.budget = budget;
    this.chooser = chooser;
    this.rules = rules;
  }

  @Override
  public void act(SimulatedKernel simulated) {
    moment = "";
    rules.checkWaiting();
    Map<String, Runnable> possible = possible();
    if (kernel.nextDeadline() != Long.MAX_VALUE) {
      possible.put("time passes", this::passTime);
    }
    if (possible.isEmpty()) {
      throw new AssertionError("hangs");
    }
    Runnable chosen = choose(possible);
    chosen.run();
    // Before the program has looked, more may happen.
    if (!kernel.isAbandoned()) {
      happen("the wait");
    }
  }

  @Override
  public void mayAct(SimulatedKernel simulated, String call) {
    if (BETWEEN.contains(call)) {
      happen(call);
    }
  }

  private void happen(String before) {
    moment = before;
    boolean goesOn = true;
    while (goesOn && !kernel.isAbandoned()) {
      Map<String, Runnable> possible = new LinkedHashMap<>();
      Runnable nothing = () -> {};
      possible.put("nothing", nothing);
      possible.putAll(possible());
      if (possible.size() == 1) {
        return;
      }
      Runnable chosen = choose(possible);
      goesOn = !chosen.equals(nothing);
      chosen.run();
    }
  }

  private Runnable choose(Map<String, Runnable> possible) {
    List<String> names = new ArrayList<>(possible.keySet());
    int index = chooser.choose(kernel, names);
    return index < 0 ? kernel::abandon : requireNonNull(possible.get(names.get(index)));
  }

  /** Until the program does something that can be seen. */
  private void passTime() {
    int seen = kernel.trace().size();
    int written = kernel.standardOutput().length();
    if (kernel.position().contains("awaitServices") && !kernel.isUnattended()) {
      // Of the ten minutes, in which it looks each second, all seconds are alike.
      kernel.passTime(Duration.ofMinutes(10).toNanos());
    }
    for (int i = 0; i < MOST_LIMITS_PASSED; i++) {
      if (!kernel.passTime() || !kernel.settle()) {
        return;
      }
      if (kernel.trace().size() > seen || kernel.standardOutput().length() > written) {
        return;
      }
    }
    throw new AssertionError("goes on without an end");
  }

  /** What may happen now, the same things in the same order in the same state. */
  private Map<String, Runnable> possible() {
    Map<String, Runnable> possible = new LinkedHashMap<>();
    if (stops < budget.stops()) {
      for (int signal : List.of(Signals.SIGTERM, Signals.SIGINT)) {
        if (!kernel.isPending(signal)) {
          possible.put(
              Signals.name(signal),
              () -> {
                stops++;
                rules.stopAsked();
                kernel.signal(signal);
              });
        }
      }
    }
    if (hangups < budget.hangups() && !kernel.isPending(Signals.SIGHUP)) {
      possible.put(
          "SIGHUP",
          () -> {
            hangups++;
            rules.hangUp();
            kernel.signal(Signals.SIGHUP);
          });
    }
    if (floods < budget.floods()) {
      possible.put(
          "flood",
          () -> {
            floods++;
            rules.flood(1000);
            for (int i = 0; i < 1000; i++) {
              kernel.raise(40);
            }
          });
    }
    for (Simulated process : kernel.processes()) {
      if (process.isFree()) {
        possible.put(process.name() + " exits 0", () -> process.exit(0));
        possible.put(process.name() + " exits 1", () -> process.exit(1));
        if (process.name().equals("circleci-agent")) {
          if (orphans < budget.orphans()) {
            possible.put(
                "agent forks",
                () -> {
                  orphans++;
                  process.fork("daemon" + orphans, true);
                });
          }
        }
      } else if (process.isKilled()) {
        possible.put(process.name() + " dies", () -> process.die(Signals.SIGKILL));
      }
    }
    if (task.awaitsFile() && kernel.text(Simulation.READINESS_FILE).isEmpty()) {
      possible.put(
          "file",
          () -> {
            kernel.note("FILE");
            kernel.file(Simulation.READINESS_FILE, "");
          });
    }
    task.pendingCall()
        .ifPresent(call -> {
          possible.put("API takes it", call::succeed);
          possible.put("API refuses it", () -> call.fail("x"));
        });
    return possible;
  }

  /** Whether the program waits, rather than being about to make a call. */
  boolean waits() {
    return moment.isEmpty();
  }

  /** All of the past and present that the future depends upon. */
  String state() {
    StringBuilder state = new StringBuilder(kernel.position());
    state.append(moment);
    state.append('|').append(stops).append(hangups).append(orphans).append(floods);
    state.append('|').append(kernel.describe()).append('|').append(rules.describe());
    return state.toString();
  }
}
