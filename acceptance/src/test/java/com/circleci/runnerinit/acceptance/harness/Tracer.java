package com.circleci.runnerinit.acceptance.harness;

import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.ProcessView;
import com.circleci.runnerinit.testing.Signal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * strace(1), attached to the orchestrator from outside of its PID namespace, before its first
 * instruction.
 *
 * <p>Three things are wanted: the orchestrator is the first process of a PID namespace, it is
 * traced from its start on, and its children are not. So there are two traces. The first runs
 * {@link #upToExec unshare below strace}, which sends SIGSTOP in the orchestrator's execve(2) and
 * detaches from it right there. strace itself stays outside of the namespace as a grandchild of
 * unshare ({@code -D}). Then {@link #attach} traces the stopped process, with the fault, and lets
 * it go on. That trace follows every thread, and every child up to its execve ({@code -b execve}):
 * what {@code runner_init_spawn} does in the child is the orchestrator's still.
 *
 * <p>strace counts the calls of each thread for itself, so that the order in which threads run does
 * not matter. A call that it makes fail is not made at all. That is as in the kernel for all but
 * close(2), connect(2) with EINTR, and FUTEX_WAKE. And a traced first process of a namespace does
 * not die by a fault of its own, such as SIGSEGV, but meets it again and again: the kernel protects
 * it from being killed in a debugger. Such cases can't be tested this way.
 */
public final class Tracer {
  private static final Path STRACE = Path.of("/usr/bin/strace");

  private final Process strace;
  private final Path output;

  private Tracer(Process strace, Path output) {
    this.strace = strace;
    this.output = output;
  }

  /** What is to be put before an unshare that executes the orchestrator without further ado. */
  static List<String> upToExec() {
    if (!Files.isExecutable(STRACE)) {
      throw new AssertionError(STRACE + " is missing: ./do install-devtools installs it");
    }
    return List.of(
        STRACE.toString(),
        "-D",
        "--follow-forks",
        "-qq",
        "--detach-on=execve",
        "--trace=execve",
        "--inject=execve:signal=SIGSTOP",
        "--output=/dev/null");
  }

  /** Waits until an unshare has come that far; then its only child is the orchestrator. */
  static void awaitStop(Process unshare, Path orchestrator) {
    Await.until(
        "the orchestrator, stopped in its execve",
        () ->
            !unshare.isAlive()
                || new ProcessView(unshare.pid())
                    .children().stream().anyMatch(child -> isStopped(child, orchestrator)));
  }

  private static boolean isStopped(ProcessView process, Path executable) {
    // A tracing stop is a small t.
    return process.executable().equals(Optional.of(executable))
        && process.stat().filter(stat -> stat.state() == 'T').isPresent();
  }

  /** Traces a stopped process, and lets it go on. */
  static Tracer attach(ProcessView stopped, Optional<Fault> fault, Path output) {
    var command = new ArrayList<String>();
    command.addAll(
        List.of(STRACE.toString(), "--follow-forks", "--detach-on=execve", "--output=" + output));
    fault.ifPresent(it -> command.addAll(it.options()));
    command.add("--attach=" + stopped.pid());
    try {
      var strace = new ProcessBuilder(command).redirectErrorStream(true).start();
      var said =
          new BufferedReader(
              new InputStreamReader(strace.getInputStream(), StandardCharsets.UTF_8));
      var heard = new StringBuilder();
      while (!heard.toString().endsWith(" attached\n")) {
        var line = said.readLine();
        if (line == null) {
          throw new AssertionError(String.join(" ", command) + ": " + heard);
        }
        heard.append(line).append('\n');
      }
      Thread.ofPlatform().daemon().name("strace").start(() -> said.lines().forEach(_ -> {}));
      Signal.CONT.sendTo(stopped.pid());
      return new Tracer(strace, output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All that was traced, once the orchestrator has ended. */
  public List<TracedCall> calls() {
    Await.until("the end of strace", () -> !strace.isAlive());
    try {
      return TracedCall.parse(Files.readAllLines(output, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
