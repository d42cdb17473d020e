package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Signal;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hands over to a custom init process, which starts the orchestrator again. */
@InAContainer
@Tag("core")
class OverrideTest {
  private static final String INIT = "/sbin/my-init";

  @Test
  void shouldBecomeTheInitWithItsArgumentsBeforeTheOrchestratorsCommandLine(Scenario given) {
    given.agent("touch=/out/ran");

    var container = override(given, "--entrypoint", INIT + ",report=/out/init,exec");

    assertThat(container.exitCode()).isZero();
    var report = given.root().report("/out/init");
    assertThat(report.arguments())
        .containsExactly(INIT, "report=/out/init", "exec", Scenario.ORCHESTRATOR, "run-task");
    assertThat(report.number("pid")).isOne();
    assertThat(report.environment()).contains("CIRCLECI_GOAT_CONFIG=" + given.configuration());
    assertThat(given.root().has("/out/ran")).isTrue();
  }

  @Test
  void shouldTakeTheEntrypointFromTheEnvironment(Scenario given) {
    given.environment("CIRCLECI_GOAT_ENTRYPOINT", INIT + ",report=/out/init,exec");
    given.agent("touch=/out/ran");

    assertThat(override(given).exitCode()).isZero();
    assertThat(given.root().has("/out/init")).isTrue();
    assertThat(given.root().has("/out/ran")).isTrue();
  }

  @Test
  void shouldTakeAnEscapedCommaForAComma(Scenario given) {
    assertThat(
            override(given, "--entrypoint=" + INIT + ",print=a\\,b,report=/out/init,exec")
                .exitCode())
        .isZero();
    assertThat(given.root().report("/out/init").arguments()).contains("print=a,b");
    assertThat(given.container().stdout().lines()).contains("a,b");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"report=/out/init,exit=0,|exit=0", "report=/out/init,exit=0,a\\\\,b|exit=0 a\\ b"})
  void shouldReadTheListAsGoDoes(String list, String words, Scenario given) {
    assertThat(override(given, "--entrypoint=" + INIT + "," + list).exitCode()).isZero();

    assertThat(String.join(" ", given.root().report("/out/init").arguments()))
        .contains("report=/out/init " + words + " " + Scenario.ORCHESTRATOR);
  }

  @Test
  void shouldNotHandOverWithoutAConfiguration(Scenario given) {
    given.root().program(INIT, Executables.fakeTaskAgent());

    var container = given.run("override", "--entrypoint=" + INIT + ",touch=/out/init");

    assertThat(container.exitCode()).isEqualTo(80);
    assertThat(container.stderr().text()).contains("CIRCLECI_GOAT_CONFIG");
    assertThat(given.root().has("/out/init")).isFalse();
  }

  /** SIGPIPE kills, though not PID 1. */
  @Test
  void shouldHandOverWhenNobodyReadsStandardOutput(Scenario given) {
    given.underAnInit().root().fifo("/dev/pipe");
    given.prepare("exec 3<>'%1$s' >'%1$s' 3>&-".formatted(given.root().path("/dev/pipe")));
    given.agent("touch=/out/ran");

    assertThat(override(given, "--entrypoint", INIT + ",exec").exitCode()).isZero();

    assertThat(given.root().has("/out/ran")).isTrue();
  }

  @Test
  void shouldAppendTheListsOfRepeatedFlags(Scenario given) {
    assertThat(
            override(given, "--entrypoint", INIT, "--entrypoint=report=/out/init,exec").exitCode())
        .isZero();
    assertThat(given.root().report("/out/init").arguments())
        .containsExactly(INIT, "report=/out/init", "exec", Scenario.ORCHESTRATOR, "run-task");
  }

  @Test
  void shouldHandTheFlagsOnThatItWasGiven(Scenario given) {
    override(
            given,
            "--termination-grace-period",
            "33s",
            "--shutdown-delay=44ms",
            "--entrypoint",
            INIT + ",report=/out/init,exec")
        .exitCode();

    var arguments = given.root().report("/out/init").arguments();
    assertThat(String.join("=", arguments.subList(4, arguments.size())))
        .contains("run-task=", "--termination-grace-period=33s", "--shutdown-delay=44ms")
        .doesNotContain("entrypoint");
  }

  @Test
  void shouldFindTheInitInThePath(Scenario given) {
    given.environment("PATH", "/bin:/sbin");

    assertThat(override(given, "--entrypoint=my-init,report=/out/init,exec").exitCode()).isZero();
    assertThat(given.root().report("/out/init").arguments()).first().isEqualTo("my-init");
  }

  @Test
  void shouldNameItselfByItsAbsolutePath(Scenario given) {
    given.root().program("/orchestrator", Executables.orchestrator());
    given.environment("CIRCLECI_GOAT_CONFIG", given.configuration());
    given.environment("CIRCLECI_GOAT_HEALTH_CHECK_ADDR", ":" + given.healthPort());
    given.root().program(INIT, Executables.fakeTaskAgent());
    given.installBinaries();

    var container =
        given.execute(
            "./orchestrator", "override", "--entrypoint=" + INIT + ",report=/out/init,exec");

    assertThat(container.exitCode()).isZero();
    assertThat(given.root().report("/out/init").arguments()).contains("/orchestrator");
  }

  @Test
  void shouldRunTheTaskBelowAnInitThatStays(Scenario given) {
    given.proc();
    given.agent("daemon=setsid", "zombies=3", "exit=6");

    var container = override(given, "--entrypoint", INIT + ",left-behind=/out/left-behind,spawn");

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls(FAIL))
        .singleElement()
        .satisfies(call -> assertThat(call.message()).contains("exit status 6"));
  }

  @Test
  void shouldDrainWhenTheInitPassesSigtermOn(Scenario given) {
    given.proc();
    given.agent("touch=/out/started", "wait-file=/out/go", "print=finished");
    var container = override(given, "--entrypoint", INIT + ",spawn");
    given.root().awaitFile("/out/started");

    container.signalFirstProcess(Signal.TERM);
    container.stdout().awaitEvent("system: shutdown signal received");
    given.root().file("/out/go", "");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines()).contains("finished");
  }

  @Test
  void shouldLeaveNoTraceOfItselfInTheInit(Scenario given) {
    override(given, "--entrypoint", INIT + ",report=/out/init,exit=0").exitCode();

    var report = given.root().report("/out/init");
    assertThat(report.blockedSignals()).isEmpty();
    assertThat(report.ignoredSignals()).isEmpty();
    assertThat(report.descriptors()).containsOnlyKeys("0", "1", "2");
  }

  @Test
  void shouldLogTheHandOver(Scenario given) {
    var container = override(given, "--entrypoint", INIT + ",exit=0");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().events("override-entrypoint")).hasSize(1);
  }

  @Test
  void shouldEndAsTheInitEnds(Scenario given) {
    assertThat(override(given, "--entrypoint", INIT + ",exit=77").exitCode()).isEqualTo(77);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--entrypoint="})
  void shouldTakeAnEmptyEntrypointForAUsageError(String flag, Scenario given) {
    var container = flag.isEmpty() ? override(given) : override(given, flag);

    assertThat(container.exitCode()).isEqualTo(80);
    assertThat(container.stderr().text())
        .startsWith("orchestrator: error: ")
        .contains("--entrypoint");
  }

  @Test
  void shouldTakeAMissingConfigurationForAUsageError(Scenario given) {
    given.root().program(INIT, Executables.fakeTaskAgent());

    var container = given.run("override", "--entrypoint", INIT + ",report=/out/init,exec");

    assertThat(container.exitCode()).isEqualTo(80);
    assertThat(container.stderr().text()).contains("CIRCLECI_GOAT_CONFIG");
    assertThat(given.root().has("/out/init")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/missing", "missing", "/etc"})
  void shouldSayThatTheInitCannotBeStarted(String program, Scenario given) {
    given.root().folder("/etc");
    given.environment("PATH", "/bin");

    var container = override(given, "--entrypoint", program + ",-g");

    assertThat(container.exitCode()).isOne();
    assertThat(container.stderr().text()).contains(program);
  }

  private static Container override(Scenario given, String... flags) {
    given.root().program(INIT, Executables.fakeTaskAgent());
    given.environment("CIRCLECI_GOAT_CONFIG", given.configuration());
    return given.run("override", flags);
  }
}
