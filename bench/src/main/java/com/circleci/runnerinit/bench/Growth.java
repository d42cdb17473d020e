package com.circleci.runnerinit.bench;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What it costs as the work grows, in steps of ten. */
final class Growth {
  private static final int RUNS = 3;

  /** How one measurement grows, of each contestant. */
  record Curve(
      String id, String work, String cost, double scale, Map<String, TreeMap<Long, Samples>> of) {
    void add(String contestant, long amount, Map<String, Double> measured, String key) {
      var value = measured.get(key);
      if (value != null) {
        of.computeIfAbsent(contestant, _ -> new TreeMap<>())
            .computeIfAbsent(amount, _ -> new Samples())
            .add(value * scale);
      }
    }
  }

  private final Lab lab;
  private final Copies copies;
  private final List<Curve> curves = new ArrayList<>();

  Growth(Lab lab, Copies copies) {
    this.lab = requireNonNull(lab, "lab is null");
    this.copies = requireNonNull(copies, "copies is null");
  }

  List<Curve> run() {
    orphans();
    stderr();
    probes();
    init();
    return List.copyOf(curves);
  }

  private Curve curve(String id, String work, String cost, double scale) {
    var curve = new Curve(id, work, cost, scale, new LinkedHashMap<>());
    curves.add(curve);
    return curve;
  }

  private void orphans() {
    var time = curve("orphans-time", "orphans at once (waves of 10,000)", "ms to reap all", 1e-6);
    var memory = curve("orphans-memory", "orphans at once (waves of 10,000)", "MB at most", 1e-6);
    for (long n = 1; n <= 100_000; n *= 10) {
      for (var run = 0; run < RUNS; run++) {
        for (var it : lab.withInits()) {
          var measured = lab.run(it.start(lab.measurer().agent("backlog=" + n)));
          time.add(it.name(), n, measured, "work");
          memory.add(it.name(), n, measured, "peak_resident");
        }
      }
    }
  }

  private void stderr() {
    var time = curve("stderr-time", "bytes to stderr", "ms to write", 1e-6);
    var cpu = curve("stderr-cpu", "bytes to stderr", "ms of CPU", 1e-6);
    var memory = curve("stderr-memory", "bytes to stderr", "MB at most", 1e-6);
    for (long n = 1_000; n <= 1_000_000_000; n *= 10) {
      for (var run = 0; run < RUNS; run++) {
        for (var it : lab.withInits()) {
          var measured = lab.run(it.start(lab.measurer().agent("stderr=" + n)), "--drain");
          time.add(it.name(), n, measured, "work");
          cpu.add(it.name(), n, measured, "cpu");
          memory.add(it.name(), n, measured, "peak_resident");
        }
      }
    }
  }

  /** The others serve none. */
  private void probes() {
    var cpu = curve("probes-cpu", "probes wanted a second", "µs of CPU a probe", 1e-3);
    var rate = curve("probes-rate", "probes wanted a second", "probes answered a second", 1);
    var median = curve("probes-median", "probes wanted a second", "µs to an answer, median", 1e-3);
    var memory = curve("probes-memory", "probes wanted a second", "MB at most", 1e-6);
    var port = Integer.toString(Contestant.Orchestrator.PORT);
    for (long n = 1; n <= 10_000; n *= 10) {
      for (var run = 0; run < RUNS; run++) {
        for (var it : lab.orchestrators()) {
          var measured =
              lab.run(
                  it.start(lab.measurer().agent("wait")),
                  "--rate",
                  Long.toString(n),
                  "--seconds",
                  "3",
                  "--port",
                  port);
          cpu.add(it.name(), n, measured, "probe_cpu");
          rate.add(it.name(), n, measured, "probe_rate");
          median.add(it.name(), n, measured, "probe_median");
          memory.add(it.name(), n, measured, "peak_resident");
        }
      }
    }
  }

  private void init() {
    var time = curve("init-time", "bytes copied", "ms to copy", 1e-6);
    var memory = curve("init-memory", "bytes copied", "MB at most", 1e-6);
    for (long n = 1_000_000; n <= 1_000_000_000; n *= 10) {
      copies.prepareOnce(n / 3, n - n / 3);
      for (var run = 0; run < RUNS; run++) {
        for (var it : copies.trials(false).entrySet()) {
          var measured = it.getValue().run();
          time.add(it.getKey(), n, measured, "wall");
          memory.add(it.getKey(), n, measured, "peak_resident");
        }
      }
    }
  }
}
