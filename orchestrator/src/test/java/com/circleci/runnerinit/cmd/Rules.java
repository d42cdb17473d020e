package com.circleci.runnerinit.cmd;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.linux.SimulatedKernel;
import com.circleci.runnerinit.linux.SimulatedKernel.Simulated;
import com.circleci.runnerinit.task.ExitCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What holds of every run of a task, whatever happens to it (spec, section 4). */
final class Rules {
  /** Between the last look for signals and execve there are but these calls. */
  private static final int CALLS_AFTER_THE_LAST_LOOK = 4;

  /** Kubernetes' own limit, less the grace period, which is configured. */
  private static final Duration END = Duration.ofSeconds(19);

  private final Simulation task;
  private final SimulatedKernel kernel;
  private final Duration patience;
  private final boolean forwards;
  private final boolean unsafeRetries;
  private final boolean supervised;
  private final Map<Simulated, Integer> hangupsOwed = new HashMap<>();
  private Optional<Long> firstStopAt = Optional.empty();
  private int stops;
  private int agents;
  private int services;
  private boolean refused;
  private Optional<AssertionError> broken = Optional.empty();

  /**
   * Rules of a task.
   *
   * @param patience the shutdown delay and the grace period
   * @param supervised whether nothing is refused by which the program supervises
   */
  Rules(
      Simulation task,
      Duration patience,
      boolean forwards,
      boolean unsafeRetries,
      boolean supervised) {
    this.task = task;
    this.kernel = task.kernel();
    this.patience = patience;
    this.forwards = forwards;
    this.unsafeRetries = unsafeRetries;
    this.supervised = supervised;
    kernel.onSpawn(child -> check(() -> checkSpawn(child)));
    kernel.onSignal((process, signal) -> check(() -> checkSignal(process, signal)));
    task.onCall(call -> check(() -> checkCall(call)));
  }

  /** The program would take a broken rule for a fault of its own. */
  private void check(Runnable rule) {
    try {
      rule.run();
    } catch (AssertionError e) {
      broken = broken.or(() -> Optional.of(e));
    }
  }

  void stopAsked() {
    stops++;
    if (firstStopAt.isEmpty()) {
      firstStopAt = Optional.of(kernel.nanos());
    }
  }

  void hangUp() {
    for (Simulated process : kernel.processes()) {
      if (isChild(process)) {
        hangupsOwed.merge(process, 1, Integer::sum);
      }
    }
  }

  void flood(int signals) {}

  /** From here on, calls are refused: what can't be done then is not asked for. */
  void refusing() {
    refused = true;
  }

  private static boolean isChild(Simulated process) {
    return process.name().equals("circleci-agent") || process.name().equals("service");
  }

  private void checkSpawn(Simulated child) {
    if (child.name().equals("circleci-agent")) {
      assertThat(++agents).as("agents started").isEqualTo(1);
      assertThat(task.awaitsFile() && kernel.text(Simulation.READINESS_FILE).isEmpty())
          .as("started before the services were up")
          .isFalse();
    } else {
      assertThat(++services).as("services started").isEqualTo(1);
      assertThat(agents).as("the service starts first").isZero();
    }
    assertThat(kernel.callsSinceStop() > CALLS_AFTER_THE_LAST_LOOK)
        .as("started though a stop was asked for")
        .isFalse();
    assertThat(task.calls()).as("reported before").isEmpty();
    assertThat(child.environment()).noneMatch(entry -> entry.startsWith("CIRCLECI_GOAT"));
    assertThat(child.environment().toString() + child.arguments()).doesNotContain(Simulation.TOKEN);
  }

  private void checkSignal(Simulated process, int signal) {
    if (signal == Signals.SIGHUP) {
      hangupsOwed.merge(process, -1, Integer::sum);
    }
    boolean agentIsOver =
        agents == 0
            || task.agent().isEmpty()
            || !task.agent().get().isRunning()
            || task.agent().get().isKilled();
    if (process.name().equals("circleci-agent") && process.isRunning()) {
      boolean ends = signal == Signals.SIGTERM || signal == Signals.SIGINT;
      boolean graceIsOver = task.log().contains("termination grace period is ");
      if ((ends && !forwards) || signal == Signals.SIGKILL) {
        assertThat(graceIsOver || refused).as("the agent has its grace period").isTrue();
      }
    }
    if (process.name().equals("service")
        && (signal == Signals.SIGTERM || signal == Signals.SIGKILL)) {
      assertThat(agentIsOver || refused).as("the service outlives the agent").isTrue();
    }
  }

  private void checkCall(Simulation.ApiCall call) {
    List<Simulated> alive = kernel.processes();
    if (!refused) {
      assertThat(alive.stream().filter(p -> !p.isKilled() && !p.isForeign()).toList())
          .as("alive when it is reported")
          .isEmpty();
    }
    if (call.route().equals("unclaim")) {
      assertThat(alive).as("two runs would overlap").isEmpty();
      assertThat(agents == 0 || unsafeRetries).as("the task may have run").isTrue();
    }
    long callsBefore = task.calls().stream().filter(c -> c.route().equals(call.route())).count();
    assertThat(callsBefore).as("calls of " + call.route()).isEqualTo(1);
    if (!refused) {
      assertThat(terminationLog()).endsWith(": Check container logs for more details");
      assertThat(call.route().equals("unclaim") || terminationLog().equals(call.message()))
          .as("the same in the termination log")
          .isTrue();
    }
  }

  /** While the program waits, nothing waits for the program. */
  void checkWaiting() {
    if (!refused) {
      assertThat(kernel.isUnattended()).as("a signal or a zombie nobody attends to").isFalse();
      hangupsOwed.forEach((process, owed) -> {
        if (process.isRunning()) {
          assertThat(owed).as("hang-ups that %s did not get", process.name()).isNotPositive();
        }
      });
    }
  }

  void checkEnd() {
    broken.ifPresent(e -> {
      throw new AssertionError(e.getMessage(), e);
    });
    boolean told = task.calls().stream().anyMatch(Simulation.ApiCall::isTold);
    if (!refused) {
      assertThat(kernel.processes().stream().filter(p -> !p.isKilled() && !p.isForeign()).toList())
          .as("alive at the end")
          .isEmpty();
    }
    String said = task.log() + task.errors();
    assertThat(said + kernel.variables()).doesNotContain(Simulation.TOKEN);
    assertThat(said).doesNotContain("Exception").doesNotContain("com.circleci");
    // The termination log alone would not say it: to write it may have been refused.
    boolean succeeded =
        kernel.trace().contains("EXIT circleci-agent 0")
            && terminationLog().isEmpty()
            && task.calls().isEmpty();
    assertThat(task.exit()).isEqualTo(told || succeeded ? ExitCode.HANDLED : ExitCode.FAILED);
    if (supervised) {
      assertThat(kernel.trace()).noneMatch(event -> event.startsWith("thread "));
    }
    if (!refused) {
      checkSaid(told);
    }
    firstStopAt.ifPresent(at ->
        assertThat(Duration.ofNanos(task.endedAt() - at))
            .as("from the first stop to the end")
            .isLessThanOrEqualTo(patience.plus(END)));
  }

  private void checkSaid(boolean told) {
    String log = task.log();
    assertThat(log).doesNotContain("internal error");
    boolean failed = !terminationLog().isEmpty();
    boolean inTime = agentExit().isPresent() && !log.contains("termination grace period is ");
    assertThat(failed)
        .as("a failure")
        .isNotEqualTo(inTime && agentExit().get().equals("exit status 0"));
    assertThat(task.errors().isEmpty()).as("said on standard error").isEqualTo(!failed || told);
    assertThat(log.contains("orchestrator: kill processes") || kernel.processes().isEmpty())
        .as("leftovers are told of")
        .isTrue();
    assertThat(log.lines().filter(line -> line.startsWith("run-task ")).count()).isEqualTo(1);
  }

  private String terminationLog() {
    return kernel.text("/dev/termination-log").orElse("");
  }

  private Optional<String> agentExit() {
    return task.log()
        .lines()
        .filter(line -> line.startsWith("task ended ") && line.contains("app.exit="))
        .map(line -> line.replaceFirst(".*app\\.exit=", "").replaceFirst(" app\\..*", ""))
        .findFirst();
  }

  /** What the rules remember of the past. */
  String describe() {
    List<String> parts = new ArrayList<>();
    parts.add(firstStopAt.map(at -> Long.toString(kernel.nanos() - at)).orElse("-"));
    parts.add(stops + "/" + agents + "/" + services + "/" + refused);
    // What was said stands for what was decided.
    task.log()
        .lines()
        .map(line -> line.replaceAll("duration_seconds=[0-9.]+", ""))
        .sorted()
        .forEach(parts::add);
    task.calls().forEach(call -> parts.add(call.toString()));
    return String.join(";", parts);
  }
}
