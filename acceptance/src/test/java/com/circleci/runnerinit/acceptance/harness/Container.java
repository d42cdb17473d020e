package com.circleci.runnerinit.acceptance.harness;

import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.ProcessView;
import com.circleci.runnerinit.testing.Signal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A started program in a PID namespace of its own. */
public final class Container implements AutoCloseable {
  /** unshare of util-linux 2.38 fails to end by the signal of its child, and exits 1 instead. */
  private static final String UNSHARE_OF_A_KILLED_CHILD = "unshare: sigprocmask unblock failed";

  /** Of a class or a package: what nobody who reads a message knows. */
  static final Pattern NAME_OF_JAVA = Pattern.compile("\\b(com\\.circleci|java|jdk|sun)\\.[a-z]");

  /** In a line of the program's own, or a stack trace: what the runtime says is not meant. */
  private static final Pattern NAME_IN_A_LINE =
      Pattern.compile(
          "(?m)^(((\\d\\d:){2}|[{]|\\S+: error: ).*" + NAME_OF_JAVA + "|.*com\\.circleci\\.).*");

  private final Process unshare;
  private final Path executable;
  private final Output stdout;
  private final Output stderr;
  private final HealthProbe probe;
  private final Optional<ProcessView> first;
  private final Optional<PidNamespace> namespace;
  private final Optional<NamespaceWatch> watch;
  private final CompletableFuture<Long> endedAt;
  private boolean killedByTest;

  /**
   * Takes over a just started {@code unshare}.
   *
   * @param executable the orchestrator, as the host sees it
   * @param scrape whether to look at what /metrics has to say
   */
  Container(Process unshare, Path executable, HealthProbe probe, String secret, boolean scrape) {
    this.unshare = unshare;
    this.executable = executable;
    this.probe = probe;
    endedAt = unshare.onExit().thenApply(_ -> System.nanoTime());
    stdout = new Output("stdout", unshare.getInputStream());
    stderr = new Output("stderr", unshare.getErrorStream());
    Await.until(
        "the first process of the namespace",
        () -> !unshare.isAlive() || !children(unshare).isEmpty());
    first = children(unshare).stream().findFirst();
    namespace = first.flatMap(PidNamespace::of);
    Runnable look = scrape ? probe::scrape : () -> {};
    watch = first.map(process -> new NamespaceWatch(process, this::findOrchestrator, secret, look));
  }

  public Output stdout() {
    return stdout;
  }

  public Output stderr() {
    return stderr;
  }

  public HealthProbe probe() {
    return probe;
  }

  /** Waits for the end: the exit status, or 128 and the signal. */
  public int exitCode() {
    Await.until("the end of the container", this::ended);
    watch.ifPresent(NamespaceWatch::close);
    return unshare.exitValue();
  }

  /** Waits for the end: whether a signal, and not the orchestrator itself, brought it. */
  public boolean diedBySignal() {
    return exitCode() > 128 || stderr.text().contains(UNSHARE_OF_A_KILLED_CHILD);
  }

  /** When it ended, by CLOCK_MONOTONIC in nanoseconds. */
  public long endedAt() {
    return endedAt.join();
  }

  public boolean ended() {
    return !unshare.isAlive() && stdout.ended() && stderr.ended();
  }

  /** Waits until the orchestrator itself runs: before that, it is unshare and chroot. */
  public ProcessView orchestrator() {
    return Await.untilPresent("the orchestrator's process", this::findOrchestrator);
  }

  /** As a container runtime sends it: from outside of the PID namespace. */
  public void signal(Signal signal) {
    signal.sendTo(orchestrator().pid());
  }

  /** For a moment at which it may have ended: then nothing happens. */
  public void signalIfThere(Signal signal) {
    findOrchestrator().ifPresent(process -> signal.sendTo(process.pid()));
  }

  /** Whether no signal can be lost any more. */
  public boolean holdsSignals() {
    return findOrchestrator().filter(process -> process.blocks(Signal.TERM)).isPresent();
  }

  /** As a container runtime does, to whatever was made the first process. */
  public void signalFirstProcess(Signal signal) {
    first.ifPresent(process -> signal.sendTo(process.pid()));
  }

  /** For a test that has the kernel kill it. */
  public Container mayBeKilled() {
    killedByTest = true;
    return this;
  }

  /** Takes the container away as Kubernetes does in the end. */
  public void kill() {
    killedByTest = true;
    first.ifPresent(process -> Signal.KILL.sendTo(process.pid()));
  }

  /** The processes in the namespace, less the orchestrator and what it was started by. */
  public List<ProcessView> children() {
    return findOrchestrator().stream().flatMap(process -> process.tree().stream().skip(1)).toList();
  }

  /** Those that run one of the fake task agent's names, and are no zombies. */
  public List<ProcessView> living(String program) {
    return children().stream()
        .filter(ProcessView::isAlive)
        .filter(process ->
            process.executable().map(path -> path.toString().endsWith(program)).orElse(false))
        .toList();
  }

  public int zombies() {
    return (int)
        children().stream()
            .flatMap(process -> process.stat().stream())
            .filter(stat -> stat.isZombie())
            .count();
  }

  /** The most that were seen at any look so far. */
  public int mostZombies() {
    return watch.map(NamespaceWatch::mostZombies).orElse(0);
  }

  /** The most that the orchestrator had left unreaped at any look so far. */
  public int mostUnreaped() {
    return watch.map(NamespaceWatch::mostUnreaped).orElse(0);
  }

  /** Where the host sees a path as the container does, with what is mounted in there. */
  public Path path(String inside) {
    return Path.of("/proc/%d/root%s".formatted(orchestrator().pid(), inside));
  }

  @Override
  public void close() {
    watch.ifPresent(NamespaceWatch::close);
    if (unshare.isAlive()) {
      // With the first process, the kernel ends all of the namespace (pid_namespaces(7)).
      first.ifPresent(process -> Signal.KILL.sendTo(process.pid()));
      unshare.destroyForcibly();
    }
    Await.until("the container is gone", () -> !unshare.isAlive());
    namespace.ifPresent(PidNamespace::close);
  }

  /** What every container must keep to, whatever the test was about. */
  List<String> violations(String secret) {
    var violations = new ArrayList<String>();
    if (!ended()) {
      violations.add("still runs at the end of the test");
    }
    watch.ifPresent(
        it -> it.leaks().forEach(where -> violations.add("the token shows in " + where)));
    if (stdout.text().contains(secret)) {
      violations.add("the token shows on stdout");
    }
    if (stderr.text().contains(secret)) {
      violations.add("the token shows on stderr");
    }
    NAME_IN_A_LINE
        .matcher(stdout.text() + stderr.text())
        .results()
        .forEach(line -> violations.add("a name of Java's shows in: " + line.group()));
    if (probe.seen().stream().anyMatch(reply -> reply.contains(secret))) {
      violations.add("the token shows in the health API");
    }
    if (!killedByTest && stderr.text().contains(UNSHARE_OF_A_KILLED_CHILD)) {
      violations.add("died by a signal");
    }
    if (ended() && !killedByTest) {
      namespace.stream()
          .flatMap(it -> it.processes().stream())
          .forEach(process -> violations.add("left behind: " + process.commandLine()));
    }
    return violations;
  }

  String evidence() {
    var processes =
        first.stream()
            .flatMap(process -> process.tree().stream())
            .map(ProcessView::describe)
            .collect(Collectors.joining());
    return "exit: %s%n%s--- stdout%n%s--- stderr%n%s"
        .formatted(
            unshare.isAlive() ? "(runs)" : unshare.exitValue(),
            unshare.isAlive() ? processes : "",
            stdout.text(),
            stderr.text());
  }

  private Optional<ProcessView> findOrchestrator() {
    return first.stream()
        .flatMap(process -> process.tree().stream())
        .filter(process -> process.executable().equals(Optional.of(executable)))
        .findFirst();
  }

  private static List<ProcessView> children(Process process) {
    return new ProcessView(process.pid()).children();
  }
}
