package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Signal;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The service that a task asks for, such as dockerd, beside the task. */
@InAContainer
class CustomEntrypointTest {

  @Test
  void shouldRunTheEntrypointBesideTheTask(Scenario given) {
    given.entrypoint(
        "report=/out/service",
        "wait-file=/out/task",
        "print=the service saw the task",
        "touch=/out/seen",
        "sleep=forever");
    given.agent("touch=/out/task", "wait-file=/out/seen", "print=the task saw the service");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines())
        .contains("the service saw the task", "the task saw the service");
    assertThat(given.root().report("/out/service").arguments())
        .startsWith(Scenario.SERVICE)
        .endsWith("sleep=forever");
  }

  @ParameterizedTest
  @ValueSource(strings = {"exit=0", "exit=1", "exit=255", "die=KILL", "die=SEGV"})
  void shouldGoOnWithTheTaskWhenTheEntrypointEndsBeforeIt(String verb, Scenario given) {
    given.entrypoint(verb);
    given.agent("touch=/out/started", "wait-file=/out/go", "print=the task goes on");
    var container = given.runTask();
    given.root().awaitFile("/out/started");
    Await.until("the end of the service", () -> container.living("service").isEmpty());

    given.root().file("/out/go", "");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines()).contains("the task goes on");
    assertThat(given.api().calls()).isEmpty();
  }

  @Test
  void shouldSayWithWhatStatusTheEntrypointEnded(Scenario given) {
    given.entrypoint("exit=42");
    given.agent("wait-file=/out/go");
    var container = given.runTask();

    var line = container.stdout().awaitLine("exit status 42");
    given.root().file("/out/go", "");

    assertThat(line).containsIgnoringCase("entrypoint");
    assertThat(container.exitCode()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/missing", "missing"})
  void shouldFailTheTaskWhenTheEntrypointCannotBeStarted(String program, Scenario given) {
    given.config().set("cmd", List.of(program, "--flag"));
    given.agent("touch=/out/started");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().has("/out/started")).isFalse();
    assertThat(given.api().calls(FAIL))
        .singleElement()
        .satisfies(call ->
            assertThat(call.message())
                .startsWith("error starting custom entrypoint [" + program + " --flag]: "));
  }

  @Test
  void shouldFindTheEntrypointInThePath(Scenario given) {
    given.environment("PATH", "/usr/local/bin:/usr/bin");
    given.config().set("cmd", List.of("service", "touch=/out/found", "sleep=forever"));
    given.agent("wait-file=/out/found");

    assertThat(given.runTask().exitCode()).isZero();
  }

  @Test
  void shouldEndTheEntrypointOnlyWhenTheTaskHasEnded(Scenario given) {
    given.entrypoint(
        "record-signals=/out/signals", "on-term=exit:0", "touch=/out/up", "sleep=forever");
    given.agent("wait-file=/out/up", "touch=/out/started", "wait-file=/out/go");
    var container = given.runTask();
    given.root().awaitFile("/out/started");

    container.signal(Signal.TERM);
    container.stdout().awaitEvent("system: shutdown signal received");
    container.probe().get("/live");
    var whileDraining = given.root().read("/out/signals");
    given.root().file("/out/go", "");

    assertThat(container.exitCode()).isZero();
    assertThat(whileDraining).isEmpty();
    assertThat(given.root().read("/out/signals")).isIn("TERM\n", "TERM\nCONT\n");
  }

  @Test
  void shouldEndTheEntrypointAlsoAfterATaskThatNoSignalEnded(Scenario given) {
    given.entrypoint(
        "record-signals=/out/signals", "on-term=exit:0", "touch=/out/up", "sleep=forever");
    given.agent("wait-file=/out/up", "exit=7");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().read("/out/signals")).isIn("TERM\n", "TERM\nCONT\n");
    assertThat(given.api().calls(FAIL)).hasSize(1);
  }

  @Test
  void shouldKillAnEntrypointThatStaysTwoSecondsLonger(Scenario given) {
    given.entrypoint("record-signals=/out/signals", "touch=/out/up", "sleep=forever");
    given.agent("wait-file=/out/up");
    var began = System.nanoTime();

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(Duration.ofNanos(System.nanoTime() - began))
        .isBetween(Duration.ofSeconds(2), Duration.ofSeconds(6));
    assertThat(given.root().read("/out/signals")).isIn("TERM\n", "TERM\nCONT\n");
  }

  @Test
  void shouldNotLetTheEntrypointsDescendantsStay(Scenario given) {
    given.underAnInit();
    given.entrypoint("daemon=setsid", "daemon=own-group", "touch=/out/up", "sleep=forever");
    given.agent("wait-file=/out/up");

    assertThat(given.runTask().exitCode()).isZero();
  }

  @Test
  void shouldPassOtherSignalsOnToTheEntrypointToo(Scenario given) {
    given.entrypoint(
        "record-signals=/out/signals", "on-term=exit:0", "touch=/out/up", "sleep=forever");
    given.agent("ignore=HUP", "wait-file=/out/up", "touch=/out/started", "wait-file=/out/go");
    var container = given.runTask();
    given.root().awaitFile("/out/started");

    container.signal(Signal.HUP);

    given.root().awaitText("/out/signals", "HUP");
    given.root().file("/out/go", "");
    assertThat(container.exitCode()).isZero();
  }
}
