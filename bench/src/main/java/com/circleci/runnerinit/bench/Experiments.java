package com.circleci.runnerinit.bench;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.bench.Contestant.Start;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** All figures that have one value a contestant. */
final class Experiments {
  private static final int NO_LIMIT = Integer.MAX_VALUE;
  private static final long COPIED_BYTES = 90_000_000;

  private final Lab lab;
  private final FileSystems fileSystems;
  private final Pods pods;

  Experiments(Lab lab, FileSystems fileSystems, Pods pods) {
    this.lab = requireNonNull(lab, "lab is null");
    this.fileSystems = requireNonNull(fileSystems, "fileSystems is null");
    this.pods = requireNonNull(pods, "pods is null");
  }

  List<Experiment> all() {
    var ext4 = Map.of(Figure.INIT, "wall", Figure.INIT_CPU, "cpu");
    var ext4Limited = Map.of(Figure.INIT_LIMITED, "wall", Figure.INIT_THROTTLED, "throttled");
    return List.of(
        executable(),
        version(),
        start(),
        memory(),
        tls(),
        limited(),
        backlog(),
        storm(),
        signal("signal", Figure.SIGNAL),
        signal("signal-loaded", Figure.SIGNAL_LOADED, "load"),
        init("init-ext4", ext4, COPIED_BYTES, false),
        init("init-ext4-limited", ext4Limited, COPIED_BYTES, true),
        init("init-xfs", Map.of(Figure.INIT_XFS, "wall"), COPIED_BYTES, false),
        init("init-xfs-limited", Map.of(Figure.INIT_XFS_LIMITED, "wall"), COPIED_BYTES, true),
        init("init-tmpfs", Map.of(Figure.INIT_TMPFS, "wall"), COPIED_BYTES, false),
        // What is in memory counts, so that 90 MB don't fit.
        init(
            "init-tmpfs-limited",
            Map.of(Figure.INIT_TMPFS_LIMITED, "wall"),
            COPIED_BYTES / 2,
            true),
        new Experiment(
            "init-pod", Map.of(Figure.POD_INIT, "start_to_main"), pods.trials(), NO_LIMIT),
        idle());
  }

  private Experiment executable() {
    return new Experiment(
        "executable",
        Map.of(Figure.EXECUTABLE, "bytes"),
        each(lab.withInits(), it -> () -> Map.of("bytes", size(it))),
        1);
  }

  private Experiment version() {
    return new Experiment(
        "version",
        Map.of(Figure.VERSION, "wall"),
        each(
            lab.withInits(),
            it ->
                () -> lab.run(new Start(List.of(it.program().toString(), "--version"), Map.of()))),
        NO_LIMIT);
  }

  private Experiment start() {
    return new Experiment(
        "start",
        Map.of(Figure.START, "start_to_main", Figure.EXIT, "exit_delay", Figure.CPU, "cpu"),
        each(lab.all(), it -> () -> lab.run(it.start(agent("sleep=300")))),
        NO_LIMIT);
  }

  private Experiment memory() {
    return new Experiment(
        "memory",
        Map.of(
            Figure.RESIDENT, "resident",
            Figure.ANONYMOUS, "anonymous",
            Figure.THREADS, "threads",
            Figure.RESIDENT_PROBED, "resident_after_probes",
            Figure.ANONYMOUS_PROBED, "anonymous_after_probes"),
        each(
            lab.all(),
            it ->
                () ->
                    lab.run(
                        it.start(agent("wait")),
                        it instanceof Contestant.Orchestrator
                            ? new String[] {"--memory", "--probes", "20", "--port", port()}
                            : new String[] {"--memory"})),
        10);
  }

  /** The most that was ever resident: the report is the last that is done, and the dearest. */
  private Experiment tls() {
    return new Experiment(
        "tls",
        Map.of(Figure.RESIDENT_TLS, "peak_resident"),
        each(
            lab.orchestrators(),
            it -> () -> lab.run(lab.trusting(it.start(agent("fail"))), "--expect", "0")),
        10);
  }

  private Experiment limited() {
    return new Experiment(
        "limited",
        Map.of(
            Figure.START_LIMITED, "start_to_main",
            Figure.THROTTLED_START, "throttled_start",
            Figure.EXIT_LIMITED, "exit_delay",
            Figure.THROTTLED, "throttled"),
        each(lab.all(), it -> () -> lab.runLimited(it.start(agent("wait")), "--throttling")),
        NO_LIMIT);
  }

  private Experiment backlog() {
    return new Experiment(
        "backlog",
        Map.of(Figure.REAP_BACKLOG, "orphans_per_second"),
        each(lab.withInits(), it -> () -> reap(it, "backlog=10000")),
        NO_LIMIT);
  }

  private Experiment storm() {
    return new Experiment(
        "storm",
        Map.of(Figure.REAP_STORM, "orphans_per_second", Figure.ZOMBIES, "most_left"),
        each(lab.withInits(), it -> () -> reap(it, "storm=5000")),
        NO_LIMIT);
  }

  private Map<String, Double> reap(Contestant contestant, String verb) {
    var measured = new HashMap<>(lab.run(contestant.start(agent(verb))));
    measured.put(
        "orphans_per_second",
        measured.getOrDefault("orphans", 0.0) * 1e9 / measured.getOrDefault("work", 1.0));
    return measured;
  }

  private Experiment signal(String name, Figure figure, String... before) {
    var verbs = new ArrayList<>(List.of(before));
    verbs.add("await-signal");
    return new Experiment(
        name,
        Map.of(figure, "signal_delay"),
        each(
            lab.all(),
            it -> () -> lab.run(it.start(agent(verbs.toArray(String[]::new))), "--signal")),
        NO_LIMIT);
  }

  /** On the file system in its name. */
  private Experiment init(String name, Map<Figure, String> figures, long bytes, boolean limited) {
    var trials = new LinkedHashMap<String, Experiment.Trial>();
    fileSystems
        .copies(name.split("-", -1)[1])
        .ifPresent(copies ->
            copies
                .trials(limited)
                .forEach((contestant, trial) ->
                    trials.put(
                        contestant,
                        () -> {
                          copies.prepareOnce(bytes / 3, bytes - bytes / 3);
                          return trial.run();
                        })));
    return new Experiment(name, figures, trials, NO_LIMIT);
  }

  private Experiment idle() {
    return new Experiment(
        "idle",
        Map.of(Figure.IDLE, "idle_cpu"),
        each(
            lab.orchestrators(),
            it ->
                () ->
                    lab.run(
                        it.start(agent("wait")),
                        "--idle",
                        "60",
                        "--every",
                        "10",
                        "--port",
                        port())),
        1);
  }

  private List<String> agent(String... verbs) {
    return lab.measurer().agent(verbs);
  }

  private static String port() {
    return Integer.toString(Contestant.Orchestrator.PORT);
  }

  private static <C extends Contestant> Map<String, Experiment.Trial> each(
      Collection<C> contestants, Function<C, Experiment.Trial> trial) {
    var trials = new LinkedHashMap<String, Experiment.Trial>();
    contestants.forEach(it -> trials.put(it.name(), trial.apply(it)));
    return trials;
  }

  private static double size(Contestant contestant) {
    try {
      return Files.size(contestant.program());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
