package com.circleci.runnerinit.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code ./do bench} without the building: {@code MEASURE AGENT OURS WORK DOCS [OPTION…]
 * [FIGURE…]}.
 */
public final class Main {
  private static final int RUNS = 30;
  private static final int QUICK_RUNS = 5;
  private static final List<String> NOT_QUICK =
      List.of("idle", "init-ext4-limited", "init-tmpfs-limited", "init-pod");

  private Main() {}

  public static void main(String[] args) throws IOException {
    try {
      run(List.of(args));
    } catch (BenchException e) {
      System.err.println("bench: " + e.getMessage());
      System.exit(1);
    }
    System.exit(0);
  }

  private static void run(List<String> args) throws IOException {
    var work = Files.createDirectories(Path.of(args.get(3)));
    var docs = Path.of(args.get(4));
    var executables = new LinkedHashMap<String, Path>(Map.of(Lab.OURS, Path.of(args.get(2))));
    var wanted = new ArrayList<String>();
    var runs = RUNS;
    var quick = false;
    for (var i = 5; i < args.size(); i++) {
      var word = args.get(i);
      var value = i + 1 < args.size() ? args.get(i + 1) : "";
      switch (word) {
        case "--quick" -> {
          quick = true;
          runs = QUICK_RUNS;
        }
        case "--runs" -> {
          runs = Integer.parseInt(value);
          i++;
        }
        case "--executable" -> {
          var name = executables.size() == 1 ? "other" : "other-" + executables.size();
          executables.put(name, Path.of(value).toAbsolutePath());
          i++;
        }
        default -> wanted.add(word);
      }
    }
    ControlGroup.removeAbandoned();
    // Not on a disk: the agent writes its times into it.
    var shared = Files.isDirectory(Path.of("/dev/shm")) ? Path.of("/dev/shm") : work;
    var measurer =
        new Measurer(
            Path.of(args.get(0)),
            Path.of(args.get(1)),
            shared.resolve("runner-init-bench." + ProcessHandle.current().pid()));
    var machine = Machine.describe(work, runs);
    var results = new Results();
    List<Growth.Curve> curves = List.of();
    try (var lab = new Lab(work, measurer, executables)) {
      var experiments =
          new Experiments(
              lab,
              new FileSystems(lab, work),
              new Pods(work.resolve("pods"), Path.of(args.get(2)), Path.of(args.get(1)), shared));
      var chosen = new ArrayList<Experiment>();
      for (var experiment : experiments.all()) {
        // Without trials, this machine can't have it, and has said why.
        if (!experiment.trials().isEmpty()
            && experiment.tellsOf(wanted)
            && !(quick && wanted.isEmpty() && NOT_QUICK.contains(experiment.name()))) {
          chosen.add(experiment);
        }
      }
      var growth = wanted.isEmpty() ? !quick : wanted.contains("growth");
      if (chosen.isEmpty() && !growth) {
        throw new BenchException("no such figure: " + String.join(" ", wanted));
      }
      for (var experiment : chosen) {
        System.err.println("bench: measuring " + experiment.name());
        experiment.run(runs, results);
      }
      if (growth) {
        System.err.println("bench: measuring growth");
        var copies = new Copies(lab, work);
        curves = new Growth(lab, copies).run();
        copies.remove();
      }
    }
    var verdicts = new ArrayList<String>();
    executables.keySet().forEach(name -> verdicts.addAll(Goals.lines(results, name)));
    // A part of the figures is no result to keep.
    var whole = !quick && wanted.isEmpty() && executables.size() == 1;
    var report = new Report(machine, results, curves, verdicts);
    report.write(work);
    Plots.write(results, curves, work);
    if (whole) {
      Report.keep(work, docs);
    }
    System.out.print(Files.readString(work.resolve("results.md")));
    verdicts.forEach(System.out::println);
  }
}
