package com.circleci.runnerinit.cmd;

import static com.circleci.runnerinit.linux.Signals.SIGHUP;
import static com.circleci.runnerinit.linux.Signals.SIGINT;
import static com.circleci.runnerinit.linux.Signals.SIGKILL;
import static com.circleci.runnerinit.linux.Signals.SIGQUIT;
import static com.circleci.runnerinit.linux.Signals.SIGTERM;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.SimulatedKernel;
import com.circleci.runnerinit.task.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The order of events of a task, and each way out of it: what the program does to the world, says
 * and answers, word for word, as in {@code src/test/resources/flow}. {@code -Dflow.write=true}
 * writes these files anew, to be read before they are committed.
 */
class TaskFlowTest {
  private static final Path FILES = Path.of("src/test/resources/flow");
  private static final Map<String, Consumer<Flow>> FLOWS = flows();

  /** A task and what happens to it: each step when the program waits for something. */
  private static final class Flow {
    private final Simulation task = new Simulation();
    private final SimulatedKernel kernel = task.kernel();
    private final List<Runnable> steps = new ArrayList<>();

    Flow then(Runnable step) {
      steps.add(step);
      return this;
    }

    Flow agentExits(int code) {
      return then(() -> task.agent().orElseThrow().exit(code));
    }

    Flow agentDies(int signal) {
      return then(() -> task.agent().orElseThrow().die(signal));
    }

    Flow serviceExits(int code) {
      return then(() -> task.service().orElseThrow().exit(code));
    }

    Flow serviceDies() {
      return then(() -> task.service().orElseThrow().die(SIGKILL));
    }

    Flow signal(int signal) {
      return then(() -> kernel.signal(signal));
    }

    Flow file() {
      return then(() -> kernel.file(Simulation.READINESS_FILE, ""));
    }

    Flow agentSays(String text) {
      return then(() -> task.agent().orElseThrow().writeError(text.getBytes(UTF_8)));
    }

    /** What the health API says now, less what no flow decides. */
    Flow probe() {
      return then(() -> {
        for (String path : List.of("/live", "/ready", "/metrics")) {
          SimulatedKernel.Client client = kernel.connect(path);
          kernel.settle();
          client
              .answer()
              .lines()
              .filter(line ->
                  line.startsWith("HTTP")
                      || (line.startsWith("runner_init_")
                          && !line.contains("uptime")
                          && !line.contains("build_info")
                          && !line.endsWith(" 0.0")))
              .forEach(line -> kernel.note(path + " " + line));
        }
      });
    }

    Flow broken() {
      return then(() -> task.pendingCall().orElseThrow().breakBy(new IllegalStateException("x")));
    }

    Flow told() {
      return then(() -> task.pendingCall().orElseThrow().succeed());
    }

    /** After whatever time it takes until the program calls. */
    Flow toldInTime() {
      return then(() -> {
        long begin = kernel.nanos();
        boolean goesOn = true;
        while (goesOn && task.pendingCall().isEmpty()) {
          assertThat(kernel.passTime()).as("there is a limit").isTrue();
          goesOn = kernel.settle();
        }
        kernel.note("(" + Duration.ofNanos(kernel.nanos() - begin) + ")");
        task.pendingCall().orElseThrow().succeed();
      });
    }

    Flow notTold(String reason) {
      return then(() -> task.pendingCall().orElseThrow().fail(reason));
    }

    Flow tooLate() {
      return then(() -> task.pendingCall().orElseThrow().outlastItsBudget());
    }

    Flow refusedAndThenTooLate(String reason) {
      return then(() -> task.pendingCall().orElseThrow().refuseOnce(reason)).tooLate();
    }

    /** Until something comes of it. */
    Flow timePasses() {
      return then(() -> {
        int before = kernel.standardOutput().length() + kernel.trace().size();
        long begin = kernel.nanos();
        boolean goesOn = true;
        while (goesOn && kernel.standardOutput().length() + kernel.trace().size() == before) {
          assertThat(kernel.passTime()).as("there is a limit").isTrue();
          goesOn = kernel.settle();
        }
        Duration passed = Duration.ofNanos(kernel.nanos() - begin);
        kernel.note("(" + passed + ")");
      });
    }

    String run() {
      kernel.world(_ -> {
        if (!steps.isEmpty()) {
          steps.removeFirst().run();
        } else if (!kernel.passTime()) {
          throw new AssertionError("hangs after " + kernel.trace() + task.log());
        }
      });
      long begin = kernel.nanos();
      task.runTask();
      assertThat(steps).as("steps that did not come").isEmpty();
      assertThat(kernel.processes().stream().filter(p -> !p.isForeign() && !p.isKilled()))
          .as("left at the end")
          .isEmpty();
      StringBuilder text = new StringBuilder();
      kernel.trace().forEach(event -> text.append(event).append('\n'));
      task.calls()
          .forEach(call ->
              text.append(
                  "> %s within %s: %s%n".formatted(call.route(), call.budget(), call.message())));
      text.append("ended after ")
          .append(Duration.ofNanos(kernel.nanos() - begin))
          .append(", open: " + kernel.openDescriptors() + ", stacks: " + kernel.stacks() + "\n")
          .append(kernel.callCounts() + "\n");
      text.append("termination log: " + kernel.text("/dev/termination-log").orElse("none"));
      text.append("\n\n")
          .append(
              task.log()
                  .replaceAll("duration_seconds=[0-9]+\\.[0-9]{3}\\b", "duration")
                  .replaceAll(" app.at=[^ ]+", ""));
      return text.append('\n').append(task.errors()).append(task.exit()).append('\n').toString();
    }
  }

  private static Map<String, Consumer<Flow>> flows() {
    Map<String, Consumer<Flow>> flows = new TreeMap<>();
    String nap = "no space left\n";
    flows.put("succeeds", flow -> flow.agentExits(0));
    flows.put("fails", flow -> flow.agentSays(nap).agentExits(3).told());
    flows.put("fails-with-nothing-said", flow -> flow.agentExits(3).told());
    flows.put(
        "fails-and-is-told-nowhere", flow -> flow.agentExits(3).notTold("the response was 500"));
    flows.put("dies", flow -> flow.agentDies(11).told());
    flows.put(
        "is-retried-though-unsafe",
        flow -> {
          flow.task.set("enable_unsafe_retries", "true");
          flow.agentExits(1).told();
        });
    flows.put(
        "can-not-be-retried",
        flow -> {
          flow.task.set("enable_unsafe_retries", "true");
          flow.agentExits(1).notTold("exhausted all task retries").told();
        });
    flows.put(
        "no-answers",
        flow -> {
          flow.task.set("enable_unsafe_retries", "true");
          flow.agentExits(1).timePasses().timePasses();
        });
    flows.put(
        "answers-too-late",
        flow -> {
          flow.task.set("enable_unsafe_retries", "true");
          flow.agentExits(1).refusedAndThenTooLate("x509").timePasses().tooLate().timePasses();
        });
    flows.put(
        "no-task-id",
        flow -> {
          flow.task.set("enable_unsafe_retries", "true").unset("task_id");
          flow.agentExits(1).told();
        });
    flows.put(
        "nobody-to-tell",
        flow -> {
          flow.task.unset("allocation");
        });
    flows.put(
        "broken-configuration",
        flow -> {
          flow.task.set("cmd", "7");
          flow.told();
        });
    flows.put(
        "agent-is-not-there",
        flow -> {
          flow.kernel.remove(Simulation.AGENT);
          flow.told();
        });
    flows.put(
        "agent-is-no-program",
        flow -> {
          flow.kernel.file(Simulation.AGENT, new byte[0], 0644);
          flow.told();
        });
    flows.put(
        "agent-path-is-not-closed",
        flow -> {
          flow.task.set("task_agent_path", "\"'x\"");
          flow.told();
        });
    flows.put(
        "agent-is-not-in-the-path",
        flow -> {
          flow.task.set("task_agent_path", "\"agent\"");
          flow.told();
        });
    flows.put(
        "no-such-user",
        flow -> {
          flow.task.set("user", "\"nobody-there\"");
          flow.told();
        });
    flows.put(
        "as-a-user",
        flow -> {
          flow.kernel.file("/etc/passwd", "dev:x:1000:1000::/home/dev:/bin/sh\n");
          flow.task.set("user", "\"dev\"");
          flow.then(() ->
              flow.task.agent().orElseThrow().environment().stream()
                  .sorted()
                  .forEach(flow.kernel::note));
          flow.agentExits(0);
        });
    flows.put(
        "can-not-listen",
        flow -> {
          flow.kernel.refusals((call, _) -> call.equals("BIND") ? -Errno.EADDRINUSE : 0);
          flow.told();
        });
    flows.put(
        "token-and-arguments",
        flow -> {
          flow.task.set("max_run_time", "3600000000000").set("ssh_advertise_addr", "\"1.2.3.4\"");
          flow.kernel.variable("PATH", "/bin");
          flow.then(() -> {
            var agent = flow.task.agent().orElseThrow();
            flow.kernel.note(agent.arguments().toString());
            flow.kernel.note(agent.environment().toString());
            flow.kernel.note(agent.readInput().orElseThrow());
            flow.kernel.note("then " + agent.readInput());
          });
          flow.agentExits(0);
        });
    flows.put(
        "with-a-service",
        flow -> {
          flow.task.entrypoint();
          flow.agentExits(0).serviceExits(0);
        });
    flows.put(
        "service-outstays",
        flow -> {
          flow.task.entrypoint();
          flow.agentExits(0).timePasses().serviceDies();
        });
    flows.put(
        "service-is-not-waited-for-after-a-stop",
        flow -> {
          flow.task.entrypoint();
          flow.agentExits(0).signal(SIGTERM).serviceDies();
        });
    flows.put(
        "service-ends-early",
        flow -> {
          flow.task.entrypoint();
          flow.serviceExits(1).agentExits(0);
        });
    flows.put(
        "service-is-not-there",
        flow -> {
          flow.task.set("cmd", "[\"nowhere\",\"x\"]");
          flow.told();
        });
    flows.put(
        "service-does-not-start",
        flow -> {
          flow.task.set("cmd", "[\"/nowhere\"]");
          flow.told();
        });
    flows.put(
        "service-without-dev-null",
        flow -> {
          flow.kernel.remove("/dev/null");
          flow.task.entrypoint();
          flow.agentExits(0).serviceExits(0);
        });
    flows.put(
        "awaits-services",
        flow -> {
          flow.task.readinessFile();
          flow.file().agentExits(0);
        });
    flows.put(
        "services-never-come",
        flow -> {
          flow.task.readinessFile();
          flow.timePasses().told();
        });
    flows.put(
        "stopped-while-it-awaits-services",
        flow -> {
          flow.task.readinessFile().entrypoint();
          flow.signal(SIGTERM).serviceExits(0).told();
        });
    flows.put(
        "stopped-before-it-begins",
        flow -> {
          flow.task.entrypoint();
          flow.kernel.signal(SIGTERM);
          flow.told();
        });
    flows.put("stopped-and-finishes", flow -> flow.signal(SIGTERM).agentExits(0));
    flows.put("interrupted-and-finishes", flow -> flow.signal(SIGINT).agentExits(0));
    flows.put(
        "stopped-and-does-not-finish",
        flow -> flow.signal(SIGTERM).timePasses().agentDies(SIGTERM).told());
    flows.put(
        "stopped-twice", flow -> flow.signal(SIGTERM).signal(SIGTERM).agentDies(SIGTERM).told());
    flows.put(
        "stopped-and-deaf",
        flow -> flow.signal(SIGTERM).timePasses().timePasses().agentDies(SIGKILL).told());
    flows.put(
        "stopped-and-immortal",
        flow -> {
          flow.task.set("enable_unsafe_retries", "true");
          flow.signal(SIGTERM).timePasses().timePasses().timePasses().timePasses().toldInTime();
        });
    flows.put(
        "stopped-with-a-delay",
        flow -> {
          flow.task.flag("--shutdown-delay=5s").flag("--termination-grace-period=7s");
          flow.signal(SIGTERM).timePasses().agentDies(SIGTERM).told();
        });
    flows.put(
        "finishes-within-the-delay",
        flow -> {
          flow.task.flag("--shutdown-delay=5s");
          flow.signal(SIGTERM).agentExits(0);
        });
    flows.put(
        "stopped-twice-within-the-delay",
        flow -> {
          flow.task.flag("--shutdown-delay=5s");
          flow.signal(SIGTERM).signal(SIGINT).agentDies(SIGTERM).told();
        });
    flows.put(
        "forwards-sigterm",
        flow -> {
          flow.task.flag("--signal-policy=forward").entrypoint();
          flow.signal(SIGTERM).agentExits(0).serviceExits(0);
        });
    flows.put(
        "forwards-sigint",
        flow -> {
          flow.task.flag("--signal-policy=forward");
          flow.signal(SIGINT).agentExits(0);
        });
    flows.put(
        "stopped-by-the-signal-of-its-image",
        flow -> {
          flow.task.flag("--stop-signal=SIGQUIT").flag("--signal-policy=forward");
          flow.signal(SIGQUIT).agentExits(0);
        });
    flows.put(
        "passes-other-signals-on",
        flow -> {
          flow.task.entrypoint();
          flow.signal(SIGHUP).signal(SIGQUIT).agentExits(0).serviceExits(0);
        });
    flows.put(
        "leaves-processes-behind",
        flow ->
            flow.then(() -> flow.task.agent().orElseThrow().fork("daemon", true))
                .agentExits(0)
                .then(() -> flow.kernel.processes().getFirst().die(SIGKILL)));
    flows.put(
        "leaves-a-zombie-while-it-runs",
        flow ->
            flow.then(() -> flow.task.agent().orElseThrow().fork("child", false))
                .then(() -> flow.kernel.processes().getLast().fork("grandchild", true))
                .then(() -> flow.kernel.processes().get(1).exit(0))
                .then(() -> flow.kernel.processes().getLast().exit(0))
                .agentExits(0));
    flows.put(
        "may-not-kill-what-it-leaves-behind",
        flow -> {
          flow.task.set("enable_unsafe_retries", "true");
          flow.then(() -> flow.task.agent().orElseThrow().fork("daemon", true).foreign())
              .agentExits(1)
              .toldInTime();
        });
    flows.put(
        "not-the-first-process",
        flow -> {
          flow.kernel.processId(50);
          flow.then(() -> flow.task.agent().orElseThrow().fork("daemon", true))
              .agentExits(1)
              .then(() -> flow.kernel.processes().getFirst().die(SIGKILL))
              .told();
        });
    flows.put(
        "was-out-of-memory",
        flow -> {
          limitMemory(flow);
          flow.then(() -> flow.kernel.file("/sys/fs/cgroup/memory.events", "oom_kill 3\n"))
              .agentDies(SIGKILL)
              .told();
        });
    flows.put(
        "failed-of-itself-after-a-kill",
        flow -> {
          limitMemory(flow);
          flow.then(() -> flow.kernel.file("/sys/fs/cgroup/memory.events", "oom_kill 2\n"))
              .agentExits(1)
              .told();
        });
    flows.put(
        "is-nearly-out-of-memory",
        flow -> {
          limitMemory(flow);
          flow.then(() -> flow.kernel.file("/sys/fs/cgroup/memory.current", "104857600\n"))
              .timePasses()
              .agentExits(0);
        });
    flows.put(
        "reads-no-output",
        flow -> {
          flow.then(() -> flow.kernel.blockOutput(true));
          flow.agentSays(nap).agentExits(1);
          flow.toldInTime().then(() -> flow.kernel.blockOutput(false));
        });
    flows.put(
        "somebody-holds-its-errors",
        flow -> {
          flow.then(() -> flow.task.agent().orElseThrow().fork("daemon", true).foreign());
          flow.agentSays(nap).agentExits(1).toldInTime();
        });
    for (int writes : List.of(21, 22)) {
      flows.put(
          "somebody-writes-errors-on-" + writes,
          flow -> {
            SimulatedKernel.Simulated[] stranger = new SimulatedKernel.Simulated[1];
            flow.then(
                () -> stranger[0] = flow.task.agent().orElseThrow().fork("daemon", true).foreign());
            flow.agentExits(1);
            for (int i = 0; i < writes; i++) {
              flow.then(() -> flow.kernel.passTime(50_000_000L));
              flow.then(() -> stranger[0].writeError(".".getBytes(UTF_8)));
            }
            flow.toldInTime();
          });
    }
    flows.put(
        "somebody-floods-its-errors",
        flow -> {
          List<SimulatedKernel.Simulated> strangers = new ArrayList<>();
          flow.kernel.refusals((call, _) -> {
            boolean ofMain = call.equals("PPOLL") && flow.kernel.thread().equals("main");
            if (ofMain && flow.task.pendingCall().isEmpty()) {
              strangers.forEach(it -> it.writeError(".".getBytes(UTF_8)));
              flow.kernel.passTime(strangers.isEmpty() ? 0 : 30_000_000L);
            }
            return 0;
          });
          flow.then(() -> {
            strangers.add(flow.task.agent().orElseThrow().fork("daemon", true).foreign());
            flow.task.agent().orElseThrow().exit(1);
          });
          flow.toldInTime();
        });
    flows.put(
        "had-a-longer-termination-log",
        flow -> {
          flow.kernel.file("/dev/termination-log", "x".repeat(500));
          flow.agentExits(1).told();
        });
    flows.put(
        "has-a-link-for-a-termination-log",
        flow -> {
          flow.kernel.remove("/dev/termination-log").file("/etc/passwd", "precious");
          flow.kernel.link("/dev/termination-log", "/etc/passwd");
          flow.agentExits(1);
          flow.then(() -> flow.kernel.note(flow.kernel.text("/etc/passwd").orElseThrow())).told();
        });
    flows.put(
        "may-not-wait",
        flow -> {
          flow.kernel.refusals((call, n) -> call.equals("PPOLL") && n > 1 ? -Errno.EPERM : 0);
          flow.timePasses().agentDies(SIGKILL).toldInTime();
        });
    flows.put(
        "may-have-no-descriptors",
        flow ->
            flow.then(() -> flow.kernel.limitDescriptors(0))
                .signal(SIGHUP)
                .then(flow.kernel::passTime)
                .signal(SIGTERM)
                .then(flow.kernel::passTime)
                .agentExits(0));
    flows.put(
        "is-probed",
        flow -> {
          flow.task.entrypoint().readinessFile().set("enable_unsafe_retries", "true");
          flow.probe().file().probe().signal(SIGHUP).signal(SIGTERM).probe();
          flow.agentExits(1).probe().serviceExits(0).probe().notTold("x").probe().told();
        });
    flows.put(
        "is-probed-at-the-very-end",
        flow -> {
          flow.agentExits(1).then(() -> flow.kernel.blockOutput(true)).told().probe();
          flow.then(() -> flow.kernel.blockOutput(false));
        });
    flows.put(
        "is-probed-after-a-long-time",
        flow -> flow.then(() -> flow.kernel.passTime(60_000_000_000L)).probe().agentExits(0));
    flows.put(
        "is-stuck",
        flow -> {
          boolean[] free = {false};
          flow.kernel.refusals((call, _) -> {
            if (call.equals("KILL")) {
              flow.kernel.await(() -> free[0], Long.MAX_VALUE);
            }
            return 0;
          });
          flow.signal(SIGHUP).then(() -> flow.kernel.passTime(11_000_000_000L)).probe();
          flow.then(() -> free[0] = true).agentExits(0);
        });
    flows.put(
        "loses-the-thread-that-reads-its-errors",
        flow -> {
          boolean[] dead = {false};
          flow.kernel.refusals((call, _) -> {
            if (call.equals("READ") && flow.kernel.thread().equals("stderr") && !dead[0]) {
              dead[0] = true;
              throw new OutOfMemoryError("Java heap space");
            }
            return 0;
          });
          flow.agentSays("no more").agentSays(" room").agentExits(1).told();
        });
    flows.put(
        "runs-out-of-memory-in-the-end",
        flow -> {
          flow.kernel.refusals((call, n) -> {
            if (call.equals("KILL") && n == 1) {
              throw new OutOfMemoryError("Java heap space");
            }
            return 0;
          });
          flow.agentExits(1).told();
        });
    flows.put(
        "may-not-read-signals-in-the-end",
        flow -> {
          flow.task.entrypoint();
          boolean[] end = {false};
          flow.kernel.refusals((call, _) ->
              call.equals("READ") && flow.kernel.thread().equals("main") && end[0]
                  ? -Errno.EPERM
                  : 0);
          flow.agentExits(1).then(() -> end[0] = true).signal(SIGHUP);
          flow.then(flow.kernel::passTime).serviceExits(0).toldInTime();
        });
    flows.put(
        "stopped-by-two-signals-at-once",
        flow ->
            flow.then(
                    () -> {
                      flow.kernel.signal(SIGTERM);
                      flow.kernel.signal(SIGINT);
                    })
                .agentDies(SIGTERM)
                .told());
    flows.put(
        "leaves-the-token-to-its-child",
        flow -> {
          flow.task.set("token", "\"" + "t".repeat(200_000) + "\"");
          flow.then(() -> flow.task.agent().orElseThrow().fork("child", true)).agentExits(0);
          for (int i = 0; i < 2; i++) {
            flow.then(() ->
                flow.kernel.note(
                    "read "
                        + flow.kernel
                            .processes()
                            .getFirst()
                            .readInput()
                            .map(String::length)
                            .orElse(-1)));
          }
          flow.then(() -> flow.kernel.processes().getFirst().die(SIGKILL));
        });
    flows.put(
        "signals-are-refused",
        flow -> {
          flow.kernel.refusals((call, _) -> call.equals("SIGNALFD4") ? -Errno.EPERM : 0);
          flow.timePasses().told();
        });
    flows.put(
        "signals-are-refused-and-nobody-answers",
        flow -> {
          flow.kernel.refusals((call, _) -> call.equals("SIGNALFD4") ? -Errno.EPERM : 0);
          flow.timePasses().timePasses();
        });
    flows.put(
        "service-is-immortal-after-a-stop",
        flow -> {
          flow.task.readinessFile().entrypoint();
          flow.signal(SIGTERM).timePasses().toldInTime();
        });
    flows.put(
        "leaves-a-child-in-its-group",
        flow ->
            flow.then(() -> flow.task.agent().orElseThrow().fork("child", false))
                .agentExits(0)
                .then(() -> flow.kernel.processes().getFirst().die(SIGKILL)));
    flows.put(
        "is-stopped-with-a-child-in-its-group",
        flow ->
            flow.then(() -> flow.task.agent().orElseThrow().fork("child", false))
                .signal(SIGTERM)
                .signal(SIGTERM)
                .agentDies(SIGTERM)
                .then(() -> flow.kernel.processes().getFirst().die(SIGKILL))
                .told());
    flows.put(
        "is-stopped-again-when-it-is-too-late",
        flow ->
            flow.signal(SIGTERM)
                .timePasses()
                .signal(SIGTERM)
                .timePasses()
                .agentDies(SIGKILL)
                .told());
    flows.put(
        "wakes-just-before-the-limit",
        flow ->
            flow.signal(SIGTERM)
                .then(() -> flow.kernel.passTime(9_999_999_999L))
                .signal(SIGHUP)
                .timePasses()
                .agentDies(SIGTERM)
                .told());
    flows.put(
        "writes-on-after-its-end",
        flow -> {
          flow.then(() -> flow.task.agent().orElseThrow().fork("daemon", true).foreign());
          flow.agentExits(1);
          flow.then(flow.kernel::passTime);
          for (int i = 0; i < 30; i++) {
            flow.then(() ->
                flow.kernel
                    .process(p -> p.name().equals("daemon"))
                    .orElseThrow()
                    .writeError("x".getBytes(UTF_8)));
            flow.then(() -> flow.kernel.passTime(50_000_000L));
          }
          flow.steps.removeLast();
          flow.told();
        });
    flows.put(
        "reads-no-token",
        flow -> {
          flow.task.set("token", "\"" + "t".repeat(200_000) + "\"");
          flow.signal(SIGHUP).agentExits(0);
        });
    flows.put(
        "reads-a-long-token",
        flow -> {
          flow.task.set("token", "\"" + "t".repeat(200_000) + "\"");
          int[] read = {0};
          for (int i = 0; i < 4; i++) {
            flow.then(
                () -> read[0] += flow.task.agent().orElseThrow().readInput().orElse("").length());
          }
          flow.then(() -> flow.kernel.note("read " + read[0]));
          flow.agentExits(0);
        });
    flows.put("the-client-is-broken", flow -> flow.agentExits(1).broken());
    flows.put(
        "may-not-wait-and-dies",
        flow -> {
          flow.kernel.refusals((call, n) -> call.equals("PPOLL") && n > 1 ? -Errno.EPERM : 0);
          flow.agentDies(SIGKILL).toldInTime();
        });
    flows.put(
        "may-not-wait-in-the-end",
        flow -> {
          flow.task.entrypoint();
          boolean[] end = {false};
          flow.kernel.refusals((call, _) -> call.equals("PPOLL") && end[0] ? -Errno.EPERM : 0);
          flow.agentExits(1).then(() -> end[0] = true).signal(SIGHUP);
          flow.then(flow.kernel::passTime).serviceExits(0).toldInTime();
        });
    flows.put(
        "may-not-read-signals",
        flow -> {
          flow.kernel.refusals((call, n) -> call.equals("READ") && n > 20 ? -Errno.EPERM : 0);
          for (int i = 0; i < 30; i++) {
            flow.signal(SIGHUP);
          }
          flow.steps.subList(25, 30).clear();
          flow.then(() -> flow.task.agent().ifPresent(a -> a.die(SIGKILL))).toldInTime();
        });
    flows.put(
        "may-not-reap",
        flow -> {
          flow.kernel.refusals((call, n) -> call.equals("WAIT4") && n > 2 ? -Errno.EPERM : 0);
          flow.agentExits(0).toldInTime();
        });
    flows.put(
        "reaps-many-at-once",
        flow -> {
          for (int orphans : List.of(600, 512, 511)) {
            flow.then(() -> {
              var shell = flow.task.agent().orElseThrow().fork("shell", true);
              for (int i = 0; i < orphans; i++) {
                shell.fork("child", true);
              }
              shell.exit(0);
              flow.kernel.trace().removeIf(it -> it.startsWith("FORK"));
            });
            flow.then(() -> {
              flow.kernel.processes().stream()
                  .filter(p -> p.name().equals("child"))
                  .forEach(p -> p.exit(0));
              flow.kernel.trace().removeIf(it -> it.startsWith("EXIT"));
              int before = flow.kernel.callCounts().getOrDefault("PPOLL", 0);
              flow.kernel.settle();
              int turns = flow.kernel.callCounts().getOrDefault("PPOLL", 0) - before;
              flow.kernel.note("turns: " + turns);
            });
          }
          flow.agentExits(0);
        });
    flows.put(
        "idles-for-long",
        flow -> {
          // Nothing is due any more after the first.
          flow.then(() -> flow.kernel.passTime(2_000_000_000L));
          flow.then(() -> flow.kernel.passTime(60_000_000_000L)).probe().agentExits(0);
        });
    flows.put(
        "forks-while-it-is-killed",
        flow -> {
          flow.kernel.processId(50);
          flow.then(() -> flow.task.agent().orElseThrow().fork("daemon", true))
              .agentExits(0)
              .then(() -> flow.kernel.processes().getFirst().fork("late", true))
              .then(() -> flow.kernel.processes().getFirst().die(SIGKILL))
              .then(flow.kernel::passTime)
              .then(() -> flow.kernel.processes().getFirst().die(SIGKILL));
        });
    for (String before : List.of("", "x")) {
      flows.put(
          "fails-with-a-long-message" + before,
          flow -> {
            String word = before + "\u00e9".repeat(3000);
            flow.task.set("cmd", "[\"nowhere\",\"" + word + "\"]");
            flow.told();
          });
    }
    flows.put(
        "has-no-thread",
        flow -> {
          flow.kernel.refuseThreads();
          flow.told();
        });
    return flows;
  }

  private static void limitMemory(Flow flow) {
    flow.kernel
        .file("/sys/fs/cgroup/cgroup.controllers", "memory")
        .file("/sys/fs/cgroup/memory.max", "111149056\n")
        .file("/sys/fs/cgroup/memory.current", "1000\n")
        .file("/sys/fs/cgroup/memory.peak", "2000\n")
        .file("/sys/fs/cgroup/memory.stat", "inactive_file 10\n")
        .file("/sys/fs/cgroup/memory.events", "oom_kill 1\n")
        .file("/sys/fs/cgroup/pids.peak", "5\n")
        .file("/sys/fs/cgroup/cpu.stat", "usage_usec 2000000\nthrottled_usec 1000000\n");
  }

  static Stream<String> names() {
    return FLOWS.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void shouldDoAndSayWhatIsWritten(String name) throws IOException {
    Flow flow = new Flow();
    FLOWS.getOrDefault(name, _ -> {}).accept(flow);

    String text = flow.run();

    Path file = FILES.resolve(name + ".txt");
    if (Boolean.getBoolean("flow.write")) {
      Files.createDirectories(FILES);
      Files.writeString(file, text);
    }
    assertThat(text).isEqualTo(Files.readString(file));
  }

  /** Whatever the program does when the signal comes: between any two of its calls. */
  @Test
  void shouldStartNothingOnceAStopIsAskedFor() {
    int calls = 0;
    boolean started = false;
    while (!started) {
      int last = calls++;
      Simulation task = new Simulation().entrypoint();
      Rules rules = new Rules(task, Duration.ofSeconds(10), false, false, true);
      int[] made = {0};
      task.kernel()
          .world(
              new SimulatedKernel.World() {
                @Override
                public void mayAct(SimulatedKernel kernel, String call) {
                  if (made[0]++ == last) {
                    rules.stopAsked();
                    kernel.signal(SIGTERM);
                  }
                }

                @Override
                public void act(SimulatedKernel kernel) {
                  task.pendingCall().ifPresent(Simulation.ApiCall::succeed);
                  kernel.processes().stream()
                      .filter(p -> p.isKilled() || p.received().contains(SIGTERM))
                      .forEach(p -> p.die(SIGKILL));
                  kernel.passTime();
                }
              });
      task.runTask();
      rules.checkEnd();
      started =
          task.kernel().trace().stream().anyMatch(it -> it.startsWith("spawn circleci-agent"));
      assertThat(task.exit()).isEqualTo(ExitCode.HANDLED);
      assertThat(task.kernel().openDescriptors()).as("at call %d", last).isLessThanOrEqualTo(6);
      assertThat(started || task.log().contains("interrupted by signal: terminated"))
          .as("at call %d: %s%s", last, task.kernel().trace(), task.log())
          .isTrue();
    }
    assertThat(calls).as("calls up to the agent's start").isGreaterThan(40);
  }
}
