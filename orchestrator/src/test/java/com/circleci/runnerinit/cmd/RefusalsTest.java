package com.circleci.runnerinit.cmd;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.SimulatedKernel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * A task, over a kernel that refuses: every call of a run once with each error that it may have,
 * for that one time or from then on, and some of them in pairs. Whatever is refused, the run ends
 * within its time, nothing of the task is left, and what went wrong is told.
 */
class RefusalsTest {
  private static final List<Integer> ERRORS =
      List.of(
          Errno.EPERM,
          Errno.ENOENT,
          Errno.EACCES,
          Errno.ENOMEM,
          Errno.EINVAL,
          Errno.EMFILE,
          Errno.ENOSYS,
          Errno.ENOSPC,
          5);

  private static final int PAIRS = 3000;

  /** A refusal of one call, or of all from it on. */
  private record Refusal(String call, int from, int errno, boolean forGood) {
    boolean meets(String made, int count) {
      return made.equals(call) && (forGood ? count >= from : count == from);
    }
  }

  @Test
  void shouldEndAndTellWhateverIsRefused() {
    Map<String, Integer> calls = run(List.of()).kernel().callCounts();
    List<Refusal> refusals = new ArrayList<>();
    calls.forEach((call, count) -> {
      for (int nth = 0; nth < count; nth++) {
        for (int errno : ERRORS) {
          refusals.add(new Refusal(call, nth, errno, false));
          refusals.add(new Refusal(call, nth, errno, true));
        }
        if (isRestarted(call)) {
          refusals.add(new Refusal(call, nth, Errno.EINTR, false));
        }
      }
    });
    refusals.forEach(refusal -> run(List.of(refusal)));

    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < PAIRS; i++) {
      run(
          List.of(
              refusals.get(random.nextInt(refusals.size())),
              refusals.get(random.nextInt(refusals.size()))));
    }
    System.out.printf(
        "simulation: refusals: %d calls of %d kinds, %d refusals one at a time, %d pairs%n",
        calls.values().stream().mapToInt(count -> count).sum(),
        calls.size(),
        refusals.size(),
        PAIRS);
  }

  /** Calls that a signal may interrupt. */
  private static boolean isRestarted(String call) {
    return List.of("READ", "WRITE", "PPOLL", "OPENAT", "WAIT4", "ACCEPT4").contains(call);
  }

  /** The task agent fails; then its service has to be stopped. */
  private static Simulation run(List<Refusal> refusals) {
    Simulation task = new Simulation().entrypoint().readinessFile().set("user", "\"1000\"");
    SimulatedKernel kernel = task.kernel();
    Rules rules = new Rules(task, Duration.ofSeconds(10), false, false, refusals.isEmpty());
    if (!refusals.isEmpty()) {
      rules.refusing();
    }
    kernel.refusals((call, count) ->
        refusals.stream()
            .filter(refusal -> refusal.meets(call, count))
            .mapToLong(refusal -> -refusal.errno())
            .findFirst()
            .orElse(0));
    Map<String, Integer> done = new TreeMap<>();
    kernel.world(_ -> {
      rules.checkWaiting();
      if (task.awaitsFile() && kernel.text(Simulation.READINESS_FILE).isEmpty()) {
        kernel.file(Simulation.READINESS_FILE, "");
      } else if (task.agent().isPresent() && task.agent().get().isFree()) {
        task.agent().get().exit(1);
      } else if (task.pendingCall().isPresent()) {
        task.pendingCall().get().succeed();
      } else if (kernel.processes().stream().anyMatch(SimulatedKernel.Simulated::isKilled)) {
        kernel.processes().stream()
            .filter(SimulatedKernel.Simulated::isKilled)
            .findFirst()
            .orElseThrow()
            .die(9);
      } else if (!kernel.passTime()) {
        throw new AssertionError("hangs");
      }
      assertThat(done.merge("turns", 1, Integer::sum)).as("goes on").isLessThan(100_000);
    });
    try {
      task.runTask();
      rules.checkEnd();
    } catch (AssertionError e) {
      throw new AssertionError(
          e.getMessage()
              + "\nwith "
              + refusals
              + "\n"
              + kernel.trace()
              + "\n"
              + task.log()
              + task.errors(),
          e);
    }
    return task;
  }
}
