package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Await;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a task leaves behind, while it runs and when it has ended. */
@InAContainer
class ReapingTest {
  @ParameterizedTest
  @EnumSource
  void shouldReapAStormOfOrphans(Place place, Scenario given) {
    place.in(given).agent("storm=5000", "touch=/out/made", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/made");

    Await.until("no zombie", () -> container.zombies() == 0);
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
  }

  @Test
  void shouldCountTheOrphansItReaped(Scenario given) {
    given.agent("orphans=30/100ms", "touch=/out/made", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/made");
    Await.until(
        "no zombie",
        () -> container.zombies() == 0 && container.living("circleci-agent").size() == 1);
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().text()).containsPattern("orphans[a-z_]*=30\\b");
  }

  @ParameterizedTest
  @EnumSource
  void shouldTakeOverTheZombiesThatATaskNeverWaitedFor(Place place, Scenario given) {
    place.in(given).agent("zombies=50");

    assertThat(given.runTask().exitCode()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void shouldEndEveryDescendantWhereverItHides(Place place, Scenario given) {
    place
        .in(given)
        .agent(
            "daemon=setsid", "daemon=own-group", "daemon=group", "daemon=setsid", "fork-bomb=50");

    assertThat(given.runTask().exitCode()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"hold-stderr=600000", "hold-stdout=600000"})
  void shouldNotWaitForAGrandchildThatHoldsAPipe(String verb, Scenario given) {
    given.agent(verb, "stderr=last words", "exit=1");

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.api().calls())
        .singleElement()
        .satisfies(call -> assertThat(call.message()).contains("exit status 1: last words"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hold-stderr=600000", "hold-stdout=600000"})
  void shouldNotWaitForAGrandchildThatHoldsAPipeUnderAnotherInit(String verb, Scenario given) {
    given.underAnInit().agent(verb, "stderr=last words", "exit=1");

    assertThat(given.runTask().exitCode()).isZero();
  }

  @Test
  void shouldReapWhatTheEntrypointLeavesBehindToo(Scenario given) {
    given.entrypoint("orphans=50/300ms", "touch=/out/made", "on-term=exit:0", "sleep=forever");
    given.agent("wait-file=/out/made", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/made");

    Await.until("no zombie", () -> container.zombies() == 0);
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
  }

  @Test
  void shouldStayAliveBelowHundredsOfProcesses(Scenario given) {
    given.agent("fork-bomb=500", "touch=/out/forked", "wait-file=/out/end", "exit=5");
    var container = given.runTask();
    given.root().awaitFile("/out/forked");

    Await.until("all of them are seen", () -> container.children().size() > 500);
    assertThat(container.probe().get("/live").status()).isEqualTo(200);
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
  }
}
