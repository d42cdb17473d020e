package com.circleci.runnerinit.bench;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.testing.FakeRunnerApi;
import com.circleci.runnerinit.testing.RunnerApiOptions;
import com.circleci.runnerinit.testing.TestCertificate;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Who takes part, and what they need around them. */
final class Lab implements Closeable {
  /** The name of the executable that was just built. */
  static final String OURS = "ours";

  private static final double LIMITED_CPUS = 0.05;
  private static final long LIMITED_BYTES = 64 << 20;

  private final Path folder;
  private final Measurer measurer;
  private final FakeRunnerApi api;
  private final Path authority;
  private final List<Contestant.Orchestrator> orchestrators;
  private final List<Contestant> inits;

  /**
   * @param folder for the programs
   * @param executables of the orchestrator, by the name that they are to have
   */
  Lab(Path folder, Measurer measurer, Map<String, Path> executables) throws IOException {
    this.folder = requireNonNull(folder, "folder is null");
    this.measurer = requireNonNull(measurer, "measurer is null");
    authority = Files.writeString(folder.resolve("authority.pem"), TestCertificate.ROOT.pem());
    api = FakeRunnerApi.start(RunnerApiOptions.plain().overTls(TestCertificate.EC.context()));
    var programs = Files.createDirectories(folder.resolve("programs"));
    orchestrators = new ArrayList<>();
    for (var it : executables.entrySet()) {
      var program = Programs.copied(it.getValue(), programs.resolve(it.getKey()));
      orchestrators.add(new Contestant.Orchestrator(it.getKey(), program, api.baseUrl()));
    }
    inits = new ArrayList<>();
    for (var name : List.of("tini-static", "dumb-init", "catatonit")) {
      inits.add(new Contestant.Init(name, Programs.copied(onPath(name), programs.resolve(name))));
    }
  }

  Path folder() {
    return folder;
  }

  Measurer measurer() {
    return measurer;
  }

  List<Contestant.Orchestrator> orchestrators() {
    return orchestrators;
  }

  /** Ours before the others. */
  List<Contestant> withInits() {
    return Stream.concat(orchestrators.stream(), inits.stream()).toList();
  }

  List<Contestant> all() {
    return Stream.concat(withInits().stream(), Stream.of(new Contestant.BareExec())).toList();
  }

  /** One run, in a control group without limits, as every container has one. */
  Map<String, Double> run(Contestant.Start start, String... options) {
    return runIn(ControlGroup.unlimited(), start, options);
  }

  /** One run in 5 % of a CPU and 64 MiB, the least that the container runner gives. */
  Map<String, Double> runLimited(Contestant.Start start, String... options) {
    return runIn(ControlGroup.limited(LIMITED_CPUS, LIMITED_BYTES), start, options);
  }

  /** The runner API's authority is trusted by whoever runs with this. */
  Contestant.Start trusting(Contestant.Start start) {
    return start.with(Map.of("SSL_CERT_FILE", authority.toString()));
  }

  private Map<String, Double> runIn(ControlGroup group, Contestant.Start start, String... options) {
    try (group) {
      return measurer.run(
          start, Stream.concat(group.options().stream(), Stream.of(options)).toList());
    }
  }

  private static Path onPath(String name) {
    return Stream.of("/usr/bin", "/usr/local/bin", "/bin", "/sbin")
        .map(it -> Path.of(it, name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new BenchException("no " + name));
  }

  @Override
  public void close() {
    api.close();
    try {
      Files.deleteIfExists(authority);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
