package com.circleci.runnerinit.init;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.ForeignSyscalls;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.RefusingSyscalls;
import com.circleci.runnerinit.linux.SimulatedKernel;
import com.circleci.runnerinit.linux.Syscalls;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever is refused, whenever a run is killed and however two take turns: a reader of the final
 * names sees the old or the new, whole, and the next run succeeds.
 */
class BinariesInstallerFaultsTest {
  private static final Map<String, String> NEW =
      Map.of("orchestrator", "new".repeat(3000), "circleci-agent", "the new agent");
  private static final Map<String, String> OLD =
      Map.of("orchestrator", "old".repeat(4000), "circleci-agent", "");
  private static final int EIO = 5;
  private static final List<Integer> ERRNOS =
      List.of(
          Errno.EPERM,
          Errno.EINTR,
          EIO,
          Errno.ENOMEM,
          Errno.EACCES,
          Errno.EINVAL,
          Errno.EMFILE,
          Errno.ENOSPC,
          Errno.EROFS,
          Errno.ENOSYS,
          Errno.EOPNOTSUPP,
          Errno.EDQUOT);

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"empty", "empty, no sendfile", "filled", "filled, no sendfile"})
  void shouldEndWellOrSayWhyWhateverCallIsRefused(String state) {
    int runs = 0;
    for (Map.Entry<String, Integer> call : callsOf(state).entrySet()) {
      for (int at = 0; at < call.getValue(); at++) {
        for (int errno : ERRNOS) {
          SimulatedKernel kernel = volume(state);
          String refusal = call.getKey() + " " + at;
          SimulatedKernel.Refusals standing = standing(state);
          kernel.refusals((name, count) ->
              refusal.equals(name + " " + count) ? -errno : standing.refuse(name, count));
          Optional<String> failure = failure(kernel, "/image", "/volume/bin");

          String what = state + ": " + refusal + ": " + Errno.describe(errno) + ": " + failure;
          assertIsWhole(kernel, what);
          assertThat(kernel.paths()).as(what).noneMatch(path -> path.contains(".runner-init."));
          if (failure.isPresent()) {
            assertThat(failure.get()).as(what).contains(Errno.describe(errno)).doesNotContain("\n");
            boolean ofSignals = call.getKey().equals("SIGNALFD4");
            assertThat(failure.get()).as(what).containsPattern(ofSignals ? "^signalfd" : " /");
          }
          assertIsInstalledByTheNextRun(kernel, what);
          runs++;
        }
      }
    }
    assertThat(runs).isGreaterThan(300);
  }

  @ParameterizedTest
  @ValueSource(strings = {"empty", "filled", "filled, no sendfile"})
  void shouldLeaveWholeFilesWhereverItIsKilled(String state) {
    int calls = callsOf(state).values().stream().mapToInt(Integer::intValue).sum();
    for (int at = 0; at < calls; at++) {
      SimulatedKernel kernel = volume(state);
      kernel.refusals(standing(state));
      Turns turns = new Turns(at);
      kernel.world(turns);
      try {
        Optional<String> failure = failure(kernel, "/image", "/volume/bin");
        throw new AssertionError("not killed at call " + at + " of " + calls + ": " + failure);
      } catch (Killed e) {
        assertIsWhole(kernel, state + ": killed at call " + at);
      }
      kernel.world(SimulatedKernel::passTime);
      assertIsInstalledByTheNextRun(kernel, state + ": killed at call " + at);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"empty", "filled", "with leftovers"})
  void shouldAllSucceedWhenSeveralRunAtOnce(String state) {
    for (int seed = 0; seed < 300; seed++) {
      SimulatedKernel kernel = volume(state);
      Turns turns = new Turns(new Random(seed), 3, Integer.MAX_VALUE);
      kernel.world(turns);
      List<Optional<String>> failures = turns.run(kernel);

      assertThat(failures).as("%s, seed %d", state, seed).containsOnly(Optional.empty());
      kernel.world(SimulatedKernel::passTime);
      assertIsInstalledByTheNextRun(kernel, state + ", seed " + seed);
    }
  }

  @Test
  void shouldSucceedBesideRunsThatAreKilled() {
    for (int seed = 0; seed < 300; seed++) {
      SimulatedKernel kernel = volume("filled");
      Random random = new Random(seed);
      Turns turns = new Turns(random, 3, random.nextInt(60));
      kernel.world(turns);
      List<Optional<String>> failures = turns.run(kernel);

      assertThat(failures.stream().filter(failure -> !failure.equals(Optional.of("killed"))))
          .as("seed %d", seed)
          .hasSizeGreaterThanOrEqualTo(2)
          .containsOnly(Optional.empty());
      kernel.world(SimulatedKernel::passTime);
      assertIsInstalledByTheNextRun(kernel, "seed " + seed);
    }
  }

  @Test
  void shouldEndWellOrSayWhyOnTheRealKernel() throws Exception {
    Path image = Files.createDirectory(folder.resolve("image"));
    for (Map.Entry<String, String> file : NEW.entrySet()) {
      Files.writeString(image.resolve(file.getKey()), file.getValue());
    }
    Map<String, Integer> calls = new TreeMap<>();
    Path first = folder.resolve("first/bin");
    Syscalls counted =
        new RefusingSyscalls((call, count) -> {
          calls.put(call, count + 1);
          return 0;
        });
    assertThat(failure(counted, image.toString(), first.toString())).isEmpty();
    assertIsInstalled(first);

    int runs = 0;
    for (Map.Entry<String, Integer> call : calls.entrySet()) {
      for (int at = 0; at < call.getValue(); at++) {
        for (int errno : List.of(Errno.EPERM, EIO, Errno.EINVAL, Errno.ENOSPC, Errno.ENOSYS)) {
          Path bin = folder.resolve("volume" + runs++ + "/bin");
          String refusal = call.getKey() + " " + at;
          Syscalls refusing =
              new RefusingSyscalls(
                  (name, count) -> refusal.equals(name + " " + count) ? -errno : 0);
          Optional<String> failure = failure(refusing, image.toString(), bin.toString());

          String what = refusal + ": " + Errno.describe(errno) + ": " + failure;
          if (failure.isPresent()) {
            assertThat(failure.get()).as(what).contains(Errno.describe(errno));
            for (String name : names(bin)) {
              assertThat(NEW).as(what).containsKey(name);
              assertThat(bin.resolve(name)).as(what).hasContent(NEW.get(name));
            }
          }
          Syscalls next = new RefusingSyscalls((_, _) -> 0);
          assertThat(failure(next, image.toString(), bin.toString())).as(what).isEmpty();
          assertIsInstalled(bin);
        }
      }
    }
    assertThat(runs).isGreaterThan(150);
  }

  @Test
  void shouldRefuseWhatIsNoFileOnTheRealKernel() throws Exception {
    Path image = Files.createDirectory(folder.resolve("image"));
    assertThat(new ProcessBuilder("/usr/bin/mkfifo", image + "/orchestrator").start().waitFor())
        .isZero();

    assertThat(failure(new ForeignSyscalls(), image.toString(), folder + "/bin"))
        .hasValue("open " + image + "/orchestrator: not a regular file");
  }

  private static List<String> names(Path bin) throws IOException {
    if (!Files.exists(bin)) {
      return List.of();
    }
    try (var files = Files.list(bin)) {
      return files.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static void assertIsInstalled(Path bin) throws IOException {
    assertThat(names(bin)).containsExactly("circleci", "circleci-agent", "orchestrator");
    for (Map.Entry<String, String> file : NEW.entrySet()) {
      assertThat(bin.resolve(file.getKey())).hasContent(file.getValue());
    }
    assertThat(Files.readSymbolicLink(bin.resolve("circleci")))
        .isEqualTo(bin.resolve("circleci-agent"));
  }

  private static SimulatedKernel volume(String state) {
    SimulatedKernel kernel = new SimulatedKernel();
    NEW.forEach((name, text) -> kernel.file("/image/" + name, text.getBytes(UTF_8), 0755));
    if (!state.startsWith("empty")) {
      OLD.forEach((name, text) -> kernel.file("/volume/bin/" + name, text.getBytes(UTF_8), 0700));
      kernel.link("/volume/bin/circleci", "/somewhere");
    }
    if (state.equals("with leftovers")) {
      kernel.file("/volume/bin/.runner-init.0", "half").file("/volume/bin/.runner-init.2", "half");
    }
    return kernel;
  }

  private static SimulatedKernel.Refusals standing(String state) {
    return (call, _) ->
        call.equals("SENDFILE") && state.endsWith("no sendfile") ? -Errno.ENOSYS : 0;
  }

  private static Map<String, Integer> callsOf(String state) {
    SimulatedKernel kernel = volume(state).refusals(standing(state));
    assertThat(failure(kernel, "/image", "/volume/bin")).isEmpty();
    Map<String, Integer> calls = kernel.callCounts();
    calls.remove("SPAWN");
    return calls;
  }

  private static Optional<String> failure(Syscalls kernel, String source, String destination) {
    EventLog log = new EventLog(LogFormat.TEXT, "0".repeat(32), _ -> 0, _ -> {});
    try {
      new BinariesInstaller(Kernel.of(kernel), log, Duration.ZERO).install(source, destination);
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private static void assertIsWhole(SimulatedKernel kernel, String what) {
    NEW.forEach((name, text) -> {
      Optional<String> there = kernel.text("/volume/bin/" + name);
      boolean isNew = there.equals(Optional.of(text));
      if (isNew) {
        assertThat(kernel.mode("/volume/bin/" + name)).as(what).isEqualTo(0755);
      } else if (there.isPresent()) {
        assertThat(there).as(what).hasValue(OLD.get(name));
        assertThat(kernel.mode("/volume/bin/" + name)).as(what).isEqualTo(0700);
      }
    });
  }

  private static void assertIsInstalledByTheNextRun(SimulatedKernel kernel, String what) {
    kernel.closeAll();
    kernel.refusals((_, _) -> 0);
    assertThat(failure(kernel, "/image", "/volume/bin")).as(what).isEmpty();
    assertThat(kernel.paths().stream().filter(path -> path.startsWith("/volume/bin/")))
        .as(what)
        .containsExactly(
            "/volume/bin/circleci", "/volume/bin/circleci-agent", "/volume/bin/orchestrator");
    NEW.forEach(
        (name, text) -> assertThat(kernel.text("/volume/bin/" + name)).as(what).hasValue(text));
    assertThat(kernel.linkTarget("/volume/bin/circleci")).hasValue("/volume/bin/circleci-agent");
  }

  /** A run ends here, whatever it was about to do. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  /** Several runs that take turns at each call, of which the first may be killed at one. */
  private static final class Turns implements SimulatedKernel.World {
    private final Random random;
    private final int runs;
    private final int killAt;
    private final List<Integer> atWork = new ArrayList<>();
    private int calls;
    private int turn;

    Turns(int killAt) {
      this(new Random(0), 1, killAt);
    }

    Turns(Random random, int runs, int killAt) {
      this.random = random;
      this.runs = runs;
      this.killAt = killAt;
    }

    List<Optional<String>> run(SimulatedKernel kernel) {
      List<Optional<String>> failures = new ArrayList<>();
      for (int i = 0; i < runs; i++) {
        atWork.add(i);
      }
      kernel.run(() -> {
        for (int i = 1; i < runs; i++) {
          int number = i;
          kernel.startThread(Integer.toString(i), 0, () -> run(kernel, number, failures));
        }
        run(kernel, 0, failures);
        kernel.await(atWork::isEmpty, Long.MAX_VALUE);
      });
      return failures;
    }

    private void run(SimulatedKernel kernel, int number, List<Optional<String>> failures) {
      try {
        failures.add(failure(kernel, "/image", "/volume/bin"));
      } catch (Killed e) {
        failures.add(Optional.of("killed"));
      }
      atWork.remove(Integer.valueOf(number));
      if (!atWork.isEmpty()) {
        turn = atWork.getFirst();
      }
    }

    @Override
    public void act(SimulatedKernel kernel) {
      if (!kernel.passTime()) {
        throw new AssertionError("all wait: " + kernel.trace());
      }
    }

    @Override
    public void mayAct(SimulatedKernel kernel, String call) {
      assertIsWhole(kernel, call);
      String thread = kernel.thread();
      int self = thread.length() == 1 ? Integer.parseInt(thread) : 0;
      if (self == 0 && calls++ >= killAt) {
        throw new Killed();
      }
      if (runs > 1) {
        turn = atWork.get(random.nextInt(atWork.size()));
        kernel.await(() -> turn == self, Long.MAX_VALUE);
      }
    }
  }
}
