package com.circleci.runnerinit.acceptance.soak;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Budget;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Many tasks in a row that do whatever the dice say. Those of a CI run are always others; a failure
 * names the properties that repeat its run alone.
 *
 * <p>{@code -Drunnerinit.soak.seed=S} repeats the dice, {@code -Drunnerinit.soak.runs=N} makes more
 * or fewer runs, {@code -Drunnerinit.soak.only=N} makes the one of that number.
 */
@Isolated
class SoakTest {
  private static final int RUNS = 1000;
  private static final int AT_ONCE = 3;

  /** More failures than these tell nothing new. */
  private static final int FAILURES_THAT_ARE_ENOUGH = 5;

  private final long seed =
      property("seed").orElseGet(() -> ThreadLocalRandom.current().nextLong(1_000_000_000));
  private final List<String> failures = new CopyOnWriteArrayList<>();

  @Test
  @Timeout(value = 1, unit = TimeUnit.HOURS)
  void shouldEndEveryTaskRightWhateverItDoes() throws Exception {
    var only = property("only");
    var count = property("runs").map(Long::intValue).orElse(RUNS);
    var numbers =
        only.isPresent() ? IntStream.of(only.get().intValue()) : IntStream.rangeClosed(1, count);
    var began = System.nanoTime();

    try (var threads = Executors.newFixedThreadPool(AT_ONCE)) {
      var runs = numbers.mapToObj(number -> threads.submit(() -> run(number))).toList();
      for (var run : runs) {
        run.get();
      }
    }

    Budget.say(
        "%d random tasks in %.1f s (seed %d)", count, (System.nanoTime() - began) / 1e9, seed);
    assertThat(failures).isEmpty();
  }

  private void run(int number) {
    if (failures.size() >= FAILURES_THAT_ARE_ENOUGH) {
      return;
    }
    try {
      SoakRun.of(Behaviour.draw(new Draw(seed, number)));
    } catch (AssertionError e) {
      failures.add(
          "run %d: repeat it by -Drunnerinit.soak.seed=%d -Drunnerinit.soak.only=%d%n%s"
              .formatted(number, seed, number, e.getMessage()));
    }
  }

  private static Optional<Long> property(String name) {
    return Optional.ofNullable(System.getProperty("runnerinit.soak." + name)).map(Long::valueOf);
  }
}
