package com.circleci.runnerinit.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a fleet pays a day, by the formulas of docs/benchmarks/README.md. */
final class Fleet {
  /** What it costs grows with them. */
  private static final long TASKS_A_DAY = 1_000_000;

  /** How many tasks a node runs for one pull of the image. */
  private static final double TASKS_A_PULL = 100;

  /** The share of tasks that fail for infrastructure, with one call each. */
  private static final double FAILING = 0.01;

  /** The init container's request and the task's own, for as long as the Pod outlives the task. */
  private static final double CPUS_OF_A_POD = 2;

  /** The Go original, as it was measured before this project began (docs/benchmarks/README.md). */
  private static final Tax ORIGINAL = new Tax(28.6, 32.6, 2004, 24.8, 23.6);

  /**
   * What one task pays.
   *
   * @param megabytes of the executable
   * @param cpuMilliseconds of a task that does nothing for 300 ms
   * @param outlivedMilliseconds from the agent's exit to that of PID 1
   * @param residentMegabytes while the agent runs
   * @param startMilliseconds until the agent's main
   */
  record Tax(
      double megabytes,
      double cpuMilliseconds,
      double outlivedMilliseconds,
      double residentMegabytes,
      double startMilliseconds) {
    static Optional<Tax> of(Results results, String name) {
      var figures =
          List.of(Figure.EXECUTABLE, Figure.CPU, Figure.EXIT, Figure.RESIDENT, Figure.START);
      var values = figures.stream().flatMap(it -> results.median(it, name).stream()).toList();
      return values.size() < figures.size()
          ? Optional.empty()
          : Optional.of(
              new Tax(values.get(0), values.get(1), values.get(2), values.get(3), values.get(4)));
    }

    double cpuHours(long tasks) {
      return tasks * cpuMilliseconds / 3_600_000;
    }

    double podHours(long tasks) {
      return tasks * outlivedMilliseconds / 3_600_000;
    }

    double gigabytesPulled(long tasks) {
      return tasks / TASKS_A_PULL * megabytes / 1000;
    }

    double gigabytesCopied(long tasks) {
      return tasks * megabytes / 1000;
    }
  }

  /**
   * What filling a Pod's volume costs a task, in place of mounting the image.
   *
   * @param milliseconds by which the agent begins later
   * @param cpuMilliseconds of the copy
   * @param megabytes written to the node's disk
   */
  record Copying(double milliseconds, double cpuMilliseconds, double megabytes) {
    private static final double MEASURED_MEGABYTES = 90;
    private static final double AGENT_MEGABYTES = 60;

    static Optional<Copying> of(Results results, String name) {
      var filled = results.median(Figure.POD_INIT, Pods.INIT_CONTAINER);
      var mounted = results.median(Figure.POD_INIT, Pods.IMAGE_VOLUME);
      var cpu = results.median(Figure.INIT_CPU, name);
      var size = results.median(Figure.EXECUTABLE, name);
      if (filled.isEmpty() || mounted.isEmpty() || cpu.isEmpty() || size.isEmpty()) {
        return Optional.empty();
      }
      var megabytes = size.get() + AGENT_MEGABYTES;
      return Optional.of(
          new Copying(
              filled.get() - mounted.get(), cpu.get() * megabytes / MEASURED_MEGABYTES, megabytes));
    }

    List<String> lines() {
      var lines =
          new ArrayList<>(
              List.of(
                  "",
                  "## What filling the volumes takes a day",
                  "",
                  "With an init container; with the image as a volume, nothing of it.",
                  "",
                  "| tasks a day | hours that tasks begin later | CPU-hours of `init` | GB written |",
                  "|---|---|---|---|"));
      lines.add(
          "| %,d | %s | %s | %s |"
              .formatted(
                  TASKS_A_DAY,
                  number(TASKS_A_DAY * milliseconds / 3_600_000),
                  number(TASKS_A_DAY * cpuMilliseconds / 3_600_000),
                  number(TASKS_A_DAY * megabytes / 1000)));
      return lines;
    }
  }

  private Fleet() {}

  /** Of each part nothing, unless all that it needs was measured. */
  static List<String> lines(Results results, String name) {
    var lines = new ArrayList<>(Tax.of(results, name).map(Fleet::lines).orElse(List.of()));
    Copying.of(results, name).ifPresent(it -> lines.addAll(it.lines()));
    return lines;
  }

  private static List<String> lines(Tax ours) {
    var lines =
        new ArrayList<>(
            List.of(
                "",
                "## What a fleet pays a day",
                "",
                "The original's figure → ours, by [these formulas](README.md#what-a-fleet-pays).",
                "",
                "| tasks a day | CPU-hours | Pod-hours after the task | their CPU-hours reserved"
                    + " | GB pulled | GB copied by `init` | API calls |",
                "|---|---|---|---|---|---|---|"));
    var tasks = TASKS_A_DAY;
    lines.add(
        "| %,d | %s | %s | %s | %s | %s | %s |"
            .formatted(
                tasks,
                both(ORIGINAL.cpuHours(tasks), ours.cpuHours(tasks)),
                both(ORIGINAL.podHours(tasks), ours.podHours(tasks)),
                both(
                    ORIGINAL.podHours(tasks) * CPUS_OF_A_POD, ours.podHours(tasks) * CPUS_OF_A_POD),
                both(ORIGINAL.gigabytesPulled(tasks), ours.gigabytesPulled(tasks)),
                both(ORIGINAL.gigabytesCopied(tasks), ours.gigabytesCopied(tasks)),
                both(tasks * FAILING, tasks * FAILING)));
    return lines;
  }

  private static String both(double original, double ours) {
    return number(original) + " → " + number(ours);
  }

  private static String number(double value) {
    var digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 4;
    return String.format(Locale.ROOT, "%,." + digits + "f", value);
  }
}
