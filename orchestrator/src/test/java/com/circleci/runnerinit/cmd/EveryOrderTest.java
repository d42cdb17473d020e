package com.circleci.runnerinit.cmd;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.SimulatedKernel;
import com.circleci.runnerinit.task.TaskRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The real program, over a simulated kernel, in every order in which what is pending may come: all
 * orders of the first things, each gone on with to the end of the run, as many as a minute allows.
 * Runs that lead to the same state go on alike, so that one of them is followed. A state is where
 * the program's main thread is and until when it waits, what the kernel holds, and what was said
 * and called so far. {@code -Dsimulation.orders=N} follows more.
 */
class EveryOrderTest {
  /** Of each task: there are more orders than a minute allows, and the short ones come first. */
  private static final int MOST_RUNS = Integer.getInteger("simulation.orders", 6000);

  private static int walks;

  private static final Path PAGE = Path.of("../docs/task-flow.md");
  private static final Pattern CHART =
      Pattern.compile("(?<=```mermaid\nstateDiagram-v2\n).*?(?=```)", Pattern.DOTALL);

  /** Methods of the flow that wait for another one's sake. */
  private static final Set<String> NO_STEPS =
      Set.of("run", "firstFailureOf", "attempt", "finish", "report", "call", "awaitAnswer");

  /** What has led from where the flow waited to where it waited next. */
  private static final Map<String, Set<String>> WAYS = new LinkedHashMap<>();

  private static int runs;
  private static int states;
  private static int ends;
  private static int longest;
  private static int depth = Integer.MAX_VALUE;

  /** A task, and what may happen to it. */
  record Case(
      boolean entrypoint,
      boolean readinessFile,
      boolean unsafeRetries,
      boolean api,
      boolean delay,
      boolean forward,
      Happenings.Budget budget) {
    Simulation task() {
      Simulation task = new Simulation();
      if (entrypoint) {
        task.entrypoint();
      }
      if (readinessFile) {
        task.readinessFile();
      }
      if (unsafeRetries) {
        task.set("enable_unsafe_retries", "true");
      }
      if (!api) {
        task.unset("allocation").unset("token");
      }
      if (delay) {
        task.flag("--shutdown-delay=5s");
      }
      if (forward) {
        task.flag("--signal-policy=forward");
      }
      return task;
    }

    Rules rules(Simulation task) {
      Duration patience = Duration.ofSeconds(delay ? 15 : 10);
      return new Rules(task, patience, forward, unsafeRetries, true);
    }
  }

  static Stream<Case> cases() {
    Happenings.Budget stops = new Happenings.Budget(3, 0, 0, 0);
    Happenings.Budget mixed = new Happenings.Budget(1, 1, 1, 0);
    return Stream.of(
        new Case(false, false, false, true, false, false, stops),
        new Case(false, false, false, true, true, true, stops),
        new Case(false, true, true, true, false, false, stops),
        new Case(true, false, false, true, false, false, mixed),
        new Case(true, true, false, true, true, false, new Happenings.Budget(2, 0, 0, 0)),
        new Case(false, false, true, true, false, true, mixed),
        new Case(false, true, false, false, false, false, mixed));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shouldKeepToTheRulesInWhateverOrderThingsCome(Case given) {
    Walk walk = new Walk(given);
    walk.walk();
    walks++;
    runs += walk.runs;
    states += walk.seen.size();
    ends += walk.ends;
    longest = Math.max(longest, walk.longest);
    depth = Math.min(depth, walk.depth);
  }

  @AfterAll
  static void tell() throws IOException {
    System.out.printf(
        "simulation: every order: %d states, %d runs, %d of them to their end, the longest with %d"
            + " things happening; all orders of the first %s%n",
        states, runs, ends, longest, depth == Integer.MAX_VALUE ? "to the last" : depth);
    if (walks == cases().count() && Integer.getInteger("simulation.orders") == null) {
      checkChart();
    }
  }

  private static String shortly(Set<String> causes) {
    return String.join(", ", causes)
        .replace("circleci-agent", "agent")
        .replaceAll("(\\S+) exits 0, \\1 exits 1", "$1 exits")
        .replaceAll("(\\S+) dies, \\1 exits(?! \\d)", "$1 ends");
  }

  private static void checkChart() throws IOException {
    StringBuilder chart = new StringBuilder();
    WAYS.forEach((way, causes) ->
        chart.append("  ").append(way).append(": ").append(shortly(causes)).append('\n'));
    String page = Files.readString(PAGE);
    if (Boolean.getBoolean("flow.write")) {
      page = CHART.matcher(page).replaceFirst(Matcher.quoteReplacement(chart.toString()));
      Files.writeString(PAGE, page);
    }
    assertThat(page).as("the chart of %s (-Dflow.write=true writes it)", PAGE).contains(chart);
  }

  /** Follows every choice once from every state. */
  private static final class Walk {
    private final Case given;
    private final Set<String> seen = new HashSet<>();
    private final Deque<List<Integer>> open = new ArrayDeque<>();
    private int runs;
    private int ends;
    private int longest;

    /** All orders of so many things were followed. */
    private int depth;

    Walk(Case given) {
      this.given = given;
      open.add(List.of());
    }

    void walk() {
      while (!open.isEmpty() && runs < MOST_RUNS) {
        runs++;
        follow(open.removeFirst());
      }
      depth = open.isEmpty() ? Integer.MAX_VALUE : open.getFirst().size();
    }

    private void follow(List<Integer> way) {
      Simulation task = given.task();
      Rules rules = given.rules(task);
      Guide guide = new Guide(way);
      Happenings happenings = new Happenings(task, given.budget(), guide, rules);
      guide.happenings = Optional.of(happenings);
      task.kernel().world(happenings);
      try {
        task.runTask();
        if (!task.kernel().isAbandoned()) {
          ends++;
          guide.see("[*]");
          rules.checkEnd();
        }
      } catch (AssertionError e) {
        throw new AssertionError(
            e.getMessage()
                + "\nafter "
                + guide.names
                + "\n"
                + task.kernel().trace()
                + "\n"
                + task.log()
                + task.errors(),
            e);
      }
      longest = Math.max(longest, guide.taken.size());
    }

    /** Goes a way, and then on by the first choice, noting the others. */
    private final class Guide implements Happenings.Chooser {
      private final List<Integer> way;
      private final List<Integer> taken = new ArrayList<>();
      private final List<String> names = new ArrayList<>();
      private final List<String> causes = new ArrayList<>();
      private Optional<Happenings> happenings = Optional.empty();
      private String step = "[*]";

      Guide(List<Integer> way) {
        this.way = way;
      }

      @Override
      public int choose(SimulatedKernel kernel, List<String> options) {
        if (happenings.orElseThrow().waits()) {
          see(stepOf(kernel));
        }
        int index = 0;
        if (taken.size() < way.size()) {
          index = way.get(taken.size());
        } else if (!seen.add(happenings.orElseThrow().state() + options)) {
          return -1;
        } else {
          for (int other = 1; other < options.size(); other++) {
            List<Integer> branch = new ArrayList<>(taken);
            branch.add(other);
            open.add(branch);
          }
        }
        taken.add(index);
        names.add(options.get(index));
        if (!options.get(index).equals("nothing")) {
          causes.add(options.get(index));
        }
        return index;
      }

      /** Notes how the flow came here, when one thing at most has happened meanwhile. */
      private void see(String next) {
        if (!next.equals(step) && causes.size() <= 1) {
          WAYS.computeIfAbsent(step + " --> " + next, _ -> new TreeSet<>())
              .add(causes.isEmpty() ? "at once" : causes.getFirst());
        }
        step = next;
        causes.clear();
      }

      private static String stepOf(SimulatedKernel kernel) {
        return Stream.of(kernel.mainStack())
            .filter(frame -> frame.getClassName().equals(TaskRun.class.getName()))
            .map(StackTraceElement::getMethodName)
            .filter(method -> !method.startsWith("lambda") && !NO_STEPS.contains(method))
            .findFirst()
            .orElse("flush");
      }
    }
  }
}
