package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Budget;
import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.acceptance.harness.TracedCall;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Whenever a run is killed, and however many there are at once: under each final name is the old
 * file or the new one, whole, or none; and the next run succeeds.
 *
 * <p>{@code -Drunnerinit.kill.seed=S} repeats the moments.
 */
@InAContainer
class InitAtomicTest {
  private static final int MOMENTS = 200;
  private static final int AT_ONCE = 10;
  private static final int KILLED = 128 + 9;
  private static final List<String> BINARIES = List.of("orchestrator", "circleci-agent");
  private static final String OLD = "the old one";

  /** By a hundred starts and more, which take minutes on a JVM. */
  @Test
  @Tag("image")
  void shouldLeaveWholeFilesAtWhicheverCallItIsKilled(Scenario given) throws Exception {
    given.root().file("/image/orchestrator", "orchestrator ".repeat(80_000), "rwxr-xr-x");
    given.root().file("/image/circleci-agent", "agent", "rwxr-xr-x");
    var kills = 0;
    for (var old : List.of(true, false)) {
      arrange(given, old);
      var trace = given.root().path("/trace");
      assertThat(start(given, strace("--output=" + trace)).waitFor()).isZero();
      for (var call : distinct(TracedCall.parse(Files.readAllLines(trace)))) {
        arrange(given, old);

        var fault = "--inject=%s:signal=KILL:when=%d".formatted(call.name(), call.number());
        var status = start(given, strace("--output=/dev/null", fault)).waitFor();

        var what = "killed at %s %d%s".formatted(call.name(), call.number(), call.text());
        // Of calls for memory there may be one less the next time.
        var maybeNot = SystemCallFaultTest.MEMORY.contains(call.name()) && status == 0;
        assertThat(status).as(what).isEqualTo(maybeNot ? 0 : KILLED);
        assertIsWhole(given, what);
        assertIsInstalledByTheNextRun(given, what);
        kills += status == KILLED ? 1 : 0;
      }
    }
    assertThat(kills).isGreaterThan(100);
  }

  /** By a hundred starts and more, which take minutes on a JVM. */
  @Test
  @Tag("image")
  void shouldLeaveWholeFilesAtWhicheverMomentItIsKilled(Scenario given) throws Exception {
    given.root().program("/image/orchestrator", Executables.orchestrator());
    given.root().program("/image/circleci-agent", Executables.orchestrator());
    var seed = Long.getLong("runnerinit.kill.seed", ThreadLocalRandom.current().nextInt());
    var random = new Random(seed);
    assertIsInstalledByTheNextRun(given, "the first run");
    var halfDone = 0;
    for (var number = 0; number < MOMENTS; number++) {
      // A part of the time that a whole run took just before.
      arrange(given, false);
      var began = System.nanoTime();
      assertThat(start(given, List.of()).waitFor()).isZero();
      var delay = (long) (random.nextDouble() * (System.nanoTime() - began));
      arrange(given, random.nextBoolean());

      var run = start(given, List.of());
      var end = System.nanoTime() + delay;
      while (System.nanoTime() < end) {
        LockSupport.parkNanos(end - System.nanoTime());
      }
      run.destroyForcibly().waitFor();

      var what = "seed %d, moment %d: after %d ns".formatted(seed, number, delay);
      halfDone += leftovers(given).isEmpty() ? 0 : 1;
      assertIsWhole(given, what);
      assertIsInstalledByTheNextRun(given, what);
    }
    Budget.say(
        "init killed at %d random moments (seed %d), %d of them within a file",
        MOMENTS, seed, halfDone);
    assertThat(halfDone).as("seed %d: runs that were killed within a file", seed).isGreaterThan(20);
  }

  /** Each of them slowed down in its own way, so that they get into each other's. */
  @Test
  void shouldShowWholeFilesAloneWhenTenRunAtOnce(Scenario given) throws Exception {
    given.root().program("/image/orchestrator", Executables.orchestrator());
    given.root().file("/image/circleci-agent", "agent", "rwxr-xr-x");
    var runs = new ArrayList<Process>();
    for (var number = 1; number <= AT_ONCE; number++) {
      var delay = "--inject=sendfile,renameat:delay_enter=%dms".formatted(30 * number);
      runs.add(start(given, strace("--output=/dev/null", delay)));
    }

    var looks = 0;
    while (runs.stream().anyMatch(Process::isAlive)) {
      if (given.root().has("/volume/bin/orchestrator")) {
        assertIsWhole(given, "look " + looks);
        looks++;
      } else {
        assertThat(looks).as("looks, after which there was none").isZero();
      }
    }

    for (var run : runs) {
      assertThat(run.waitFor()).isZero();
    }
    assertThat(looks).isGreaterThan(AT_ONCE);
    assertIsInstalled(given, "in the end");
  }

  /**
   * The calls of the thread that does the work. strace(1) counts those of each thread for itself,
   * so the first ones of a name may be another's, which makes them before.
   */
  private static List<TracedCall> distinct(List<TracedCall> calls) {
    var worker =
        calls.stream()
            .filter(call -> call.name().equals("renameat"))
            .findFirst()
            .orElseThrow()
            .thread();
    return calls.stream()
        .filter(call -> call.thread().equals(worker))
        .filter(call ->
            calls.stream()
                .filter(other -> !other.thread().equals(worker))
                .noneMatch(
                    other -> other.name().equals(call.name()) && other.number() >= call.number()))
        .toList();
  }

  private static List<String> strace(String... options) {
    var command = new ArrayList<>(List.of("/usr/bin/strace", "--follow-forks"));
    command.addAll(List.of(options));
    return command;
  }

  private static Process start(Scenario given, List<String> tracer) throws IOException {
    var command = new ArrayList<>(tracer);
    command.addAll(List.of(Executables.orchestrator().toString(), "init"));
    command.add(given.root().path("/image").toString());
    command.add(given.root().path("/volume/bin").toString());
    return new ProcessBuilder(command)
        .redirectInput(new File("/dev/null"))
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** An empty place, or one with older files. */
  private static void arrange(Scenario given, boolean old) {
    var root = given.root();
    if (root.has("/volume/bin")) {
      root.names("/volume/bin").forEach(name -> root.remove("/volume/bin/" + name));
      root.remove("/volume/bin").remove("/volume");
    }
    if (old) {
      BINARIES.forEach(name -> root.file("/volume/bin/" + name, OLD, "rwxr-xr-x"));
    }
  }

  private static List<String> leftovers(Scenario given) {
    return given.root().has("/volume/bin")
        ? given.root().names("/volume/bin").stream()
            .filter(name -> name.startsWith(".runner-init."))
            .toList()
        : List.of();
  }

  private static void assertIsWhole(Scenario given, String what) throws IOException {
    for (var name : BINARIES) {
      var file = given.root().path("/volume/bin/" + name);
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        assertThat(isNew(given, name) || given.root().bytes("/volume/bin/" + name).equals(OLD))
            .as("%s: %s is whole", what, name)
            .isTrue();
        assertThat(given.root().permissions("/volume/bin/" + name)).as(what).isEqualTo("rwxr-xr-x");
      }
    }
  }

  private static void assertIsInstalledByTheNextRun(Scenario given, String what) throws Exception {
    assertThat(start(given, List.of()).waitFor()).as(what).isZero();
    assertIsInstalled(given, what);
  }

  private static void assertIsInstalled(Scenario given, String what) throws IOException {
    assertThat(given.root().names("/volume/bin"))
        .as(what)
        .containsExactly("circleci", "circleci-agent", "orchestrator");
    for (var name : BINARIES) {
      assertThat(isNew(given, name)).as("%s: %s is new", what, name).isTrue();
    }
    assertThat(given.root().linkTarget("/volume/bin/circleci"))
        .isEqualTo(given.root().path("/volume/bin/circleci-agent").toString());
  }

  private static boolean isNew(Scenario given, String name) throws IOException {
    Path source = given.root().path("/image/" + name);
    return Files.mismatch(source, given.root().path("/volume/bin/" + name)) == -1;
  }
}
