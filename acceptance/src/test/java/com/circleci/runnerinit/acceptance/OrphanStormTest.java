package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Budget;
import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Await;
import java.util.Locale;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** As many orphans as the machine can make (spec, "Process hygiene"). */
@InAContainer
@Isolated
class OrphanStormTest {
  /**
   * How many orphans may wait to be reaped at any look: those of a twentieth of a second or so, in
   * which a busy machine does not let the orchestrator run.
   */
  private static final int UNREAPED_THAT_MAY_BE_SEEN = 1000;

  @ParameterizedTest
  @CsvSource({"PID_1, 100000", "SUBREAPER, 20000"})
  void shouldReapEveryOrphanOfAStormAtOnce(Place place, int orphans, Scenario given) {
    place
        .in(given)
        .agent(
            "touch=/out/started",
            "wait-file=/out/go",
            "storm=" + orphans,
            "touch=/out/made",
            "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/started");
    var orchestrator = container.orchestrator();
    var cpuBefore = orchestrator.cpuTime();
    var began = System.nanoTime();

    given.root().file("/out/go", "");
    given.root().awaitFile("/out/made");
    Await.until("all orphans are reaped", () -> reaped(container) == orphans);

    var seconds = (System.nanoTime() - began) / 1e9;
    var cpu = orchestrator.cpuTime().minus(cpuBefore).toMillis() / 1e3;
    Budget.say(
        "%d orphans, %s: %.0f orphans/s, %.1f CPU seconds of the orchestrator, at most %d unreaped",
        orphans,
        place.name().toLowerCase(Locale.ROOT),
        orphans / seconds,
        cpu,
        container.mostUnreaped());
    assertThat(container.zombies()).isZero();
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().awaitEvent("run-task").fields())
        .containsEntry("app.orphans_reaped", Integer.toString(orphans));
    assertThat(container.mostUnreaped()).isLessThanOrEqualTo(UNREAPED_THAT_MAY_BE_SEEN);
  }

  private static long reaped(Container container) {
    return container
        .probe()
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("runner_init_orphans_reaped_total "))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.indexOf(" ") + 1)))
        .sum();
  }
}
