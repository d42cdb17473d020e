package com.circleci.runnerinit.cmd;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.SimulatedKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Tasks of all kinds, to which anything happens in any order, more of it than {@link
 * EveryOrderTest} can follow: several signals of each kind, floods of them, orphans, threads that
 * die, calls that are refused. {@code -Dsimulation.seed=N} repeats one run, {@code
 * -Dsimulation.runs=N} makes more of them.
 */
class RandomRunsTest {
  private static final int RUNS = Integer.getInteger("simulation.runs", 100_000);

  @Test
  void shouldKeepToTheRulesWhateverHappens() {
    Long seed = Long.getLong("simulation.seed");
    if (seed != null) {
      run(seed, true);
      return;
    }
    long begin = System.nanoTime();
    long things = LongStream.range(0, RUNS).parallel().map(number -> run(number, false)).sum();
    System.out.printf(
        "simulation: random: %d runs, %d things happened, %d s%n",
        RUNS, things, (System.nanoTime() - begin) / 1_000_000_000);
  }

  /** Returns how many things happened. */
  private static int run(long seed, boolean told) {
    SplittableRandom random = new SplittableRandom(seed);
    boolean refusing = random.nextInt(4) == 0;
    EveryOrderTest.Case given =
        new EveryOrderTest.Case(
            random.nextBoolean(),
            random.nextBoolean(),
            random.nextBoolean(),
            random.nextInt(4) > 0,
            random.nextInt(4) == 0,
            random.nextInt(4) == 0,
            new Happenings.Budget(random.nextInt(5), random.nextInt(4), 3, random.nextInt(2)));
    Simulation task = given.task();
    Rules rules = given.rules(task);
    List<String> names = new ArrayList<>();
    // Some runs are calm: most of what may happen then is that nothing does.
    int calm = random.nextInt(6);
    Happenings happenings =
        new Happenings(
            task,
            given.budget(),
            (_, options) -> {
              boolean nothing = options.getFirst().equals("nothing") && random.nextInt(6) < calm;
              boolean last = options.getLast().equals("time passes") && random.nextInt(8) < calm;
              int index = nothing ? 0 : last ? options.size() - 1 : random.nextInt(options.size());
              names.add(options.get(index));
              return index;
            },
            rules);
    SimulatedKernel kernel = task.kernel();
    kernel.world(happenings);
    if (refusing) {
      rules.refusing();
      int one = 1 + random.nextInt(400);
      int[] errors = {Errno.EPERM, Errno.ENOMEM, Errno.EMFILE, Errno.EINVAL, 5};
      kernel.refusals(
          (_, _) -> random.nextInt(one) == 0 ? -errors[random.nextInt(errors.length)] : 0);
    }
    try {
      task.runTask();
      rules.checkEnd();
    } catch (AssertionError e) {
      throw new AssertionError(
          e.getMessage()
              + "\nseed "
              + seed
              + ", "
              + given
              + "\nafter "
              + names
              + "\n"
              + kernel.trace()
              + "\n"
              + task.log()
              + task.errors(),
          e);
    }
    if (told) {
      System.out.println(given + "\n" + kernel.trace() + "\n" + task.log() + task.errors());
    }
    return names.size();
  }
}
