package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Await;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Zombies are gone at once: alone, since how soon that is depends on who else wants the CPU. */
@InAContainer
@Isolated
class OrphansTest {
  private static final int ZOMBIES_THAT_MAY_BE_SEEN = 5;

  @ParameterizedTest
  @EnumSource
  void shouldReapOrphansWhileTheTaskRuns(Place place, Scenario given) {
    place.in(given).agent("orphans=200/2500ms", "touch=/out/made", "wait-file=/out/end", "exit=9");
    var container = given.runTask();
    given.root().awaitFile("/out/made");

    Await.until("no zombie", () -> container.zombies() == 0);
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
    assertThat(container.mostZombies()).isLessThanOrEqualTo(ZOMBIES_THAT_MAY_BE_SEEN);
    assertThat(given.api().calls())
        .singleElement()
        .satisfies(call -> assertThat(call.message()).contains("exit status 9"));
  }
}
