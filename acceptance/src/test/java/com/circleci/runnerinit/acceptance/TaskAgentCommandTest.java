package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.AgentReport;
import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@InAContainer
class TaskAgentCommandTest {

  @Test
  void shouldStartTheAgentWithTheArgumentsItKnows(Scenario given) {
    var report = runAndReport(given);

    assertThat(report.arguments())
        .containsExactly(
            Scenario.TASK_AGENT,
            "report=/out/report",
            "_internal",
            "agent-runner",
            "--verbose",
            "--runnerAPIBaseURL=" + given.api().baseUrl(),
            "--allocation=allocation-1",
            "--disableSpinUpStep",
            "--disableIsolatedSSHDir",
            "--maxRunTime=1h0m0s");
  }

  @Test
  void shouldPassTheSshAddressOnWhenThereIsOne(Scenario given) {
    given.config().set("ssh_advertise_addr", "192.0.2.1:54782");

    assertThat(runAndReport(given).arguments())
        .last()
        .isEqualTo("--sshAdvertiseAddr=192.0.2.1:54782");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0s",
    "1, 1ns",
    "1500, 1.5µs",
    "2000000, 2ms",
    "1500000000, 1.5s",
    "60000000000, 1m0s",
    "5400000000000, 1h30m0s",
    "3600000000000, 1h0m0s",
    "360000000000001, 100h0m0.000000001s",
    "9223372036854775807, 2562047h47m16.854775807s"
  })
  void shouldWriteTheMaximumRunTimeAsGoDoes(long nanoseconds, String text, Scenario given) {
    given.config().set("max_run_time", nanoseconds);

    assertThat(runAndReport(given).arguments()).contains("--maxRunTime=" + text);
  }

  @Test
  void shouldPassZeroOnWhenThereIsNoMaximumRunTime(Scenario given) {
    given.config().without("max_run_time");

    assertThat(runAndReport(given).arguments()).contains("--maxRunTime=0s");
  }

  @Test
  void shouldAppendTheFolderOfTheAgentToThePath(Scenario given) {
    given.environment("PATH", "/usr/bin:/bin");

    assertThat(runAndReport(given).environment()).contains("PATH=/usr/bin:/bin:/opt/circleci/bin");
  }

  @Test
  void shouldNotMakeAnEmptyPathElementWhenThereIsNoPath(Scenario given) {
    assertThat(runAndReport(given).environment()).containsExactly("PATH=/opt/circleci/bin");
  }

  @Test
  void shouldHandItsOwnEnvironmentOnWithoutWhatIsMeantForItself(Scenario given) {
    given
        .environment("LANG", "C.UTF-8")
        .environment("EMPTY", "")
        .environment("WITH_EQUALS", "a=b=c")
        .environment("CIRCLECI_GOAT_ANYTHING", "goat")
        .environment("CIRCLECI_GOATEE", "beard")
        .environment("CIRCLECI_OTHER", "kept");

    assertThat(runAndReport(given).environment())
        .containsExactlyInAnyOrder(
            "LANG=C.UTF-8",
            "EMPTY=",
            "WITH_EQUALS=a=b=c",
            "CIRCLECI_OTHER=kept",
            "PATH=/opt/circleci/bin");
  }

  @Test
  void shouldPassBytesOfTheEnvironmentOnAsTheyAre(Scenario given) {
    given.prepare("NOT_UTF8=$(/usr/bin/printf 'a\\377b'); export NOT_UTF8");
    given.agent("report=/out/report");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().bytes("/out/report")).contains("NOT_UTF8=a\u00ffb");
  }

  /** More than 128 KiB do not fit into a variable of the environment (execve(2)). */
  @ParameterizedTest
  @CsvSource({"1", "65535", "65536", "65537", "120000"})
  void shouldHandTheWholeTokenToTheAgent(int bytes, Scenario given) {
    var token = bytes == 1 ? "x" : given.longToken(bytes);
    given.config().set("token", token);
    given.agent("read-stdin", "report=/out/report");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().report("/out/report").stdin()).isEqualTo(token);
  }

  /** The longest string of an environment, with its final NUL: execve(2). */
  @Test
  void shouldHandOverTheLongestTokenThatAnEnvironmentCanHold(Scenario given) {
    given.agent("read-stdin", "report=/out/report");
    var others = "CIRCLECI_GOAT_CONFIG=" + given.config().set("token", "").json();
    var url = ",\"runner_api_base_url\":\"" + given.api().baseUrl() + "\"";
    var token = "t".repeat(128 * 1024 - 1 - others.length() - url.length());
    given.config().set("token", token);

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().report("/out/report").stdin()).isEqualTo(token);
  }

  @Test
  void shouldHandTheWholeTokenToAnAgentThatReadsItSlowly(Scenario given) {
    var token = given.longToken(120_000);
    given.agent("read-slowly=3000", "report=/out/report");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().report("/out/report").stdin()).isEqualTo(token);
  }

  @ParameterizedTest
  @CsvSource({"read-part=5", "no-read-stdin", "close-stdin"})
  void shouldNotMindAnAgentThatNeverReadsItsToken(String verb, Scenario given) {
    given.longToken(120_000);
    given.agent(verb, "sleep=50", "print=done");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines()).contains("done");
  }

  @Test
  void shouldPassTheOutputOfTheAgentThrough(Scenario given) {
    given.agent("print=to stdout", "stderr=to stderr", "flood-stdout=1000000");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines()).contains("to stdout").doesNotContain("to stderr");
    assertThat(container.stderr().lines()).containsExactly("to stderr");
    assertThat(container.stdout().text()).contains("first....").contains("last....");
    assertThat(container.stdout().text().length()).isGreaterThan(1_000_000);
  }

  @Test
  void shouldPassAFloodOfStderrThroughWhole(Scenario given) {
    given.agent("flood-stderr=1000000");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stderr().text()).hasSize(1_000_000);
  }

  @Test
  void shouldTakeAnAgentPathThatHoldsSpacesWhenThatFileExists(Scenario given) {
    given.root().program("/opt/my agent/circleci agent", Executables.fakeTaskAgent());
    given.config().set("task_agent_path", "/opt/my agent/circleci agent");

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.api().calls()).isEmpty();
  }

  @Test
  void shouldHonourQuotesInTheArgumentsOfTheAgentPath(Scenario given) {
    given
        .config()
        .set(
            "task_agent_path",
            Scenario.TASK_AGENT + " report=/out/report \"print=two words\"  'print=a \"b\" c'");
    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines()).contains("two words", "a \"b\" c");
    assertThat(given.root().report("/out/report").environment())
        .isEqualTo(List.of("PATH=/opt/circleci/bin"));
  }

  @Test
  void shouldFindAnAgentWithoutAFolderInThePath(Scenario given) {
    given.environment("PATH", "/nowhere:/opt/circleci/bin");
    given.config().set("task_agent_path", "circleci-agent report=/out/report");

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.root().report("/out/report").arguments()).first().isEqualTo("circleci-agent");
  }

  private static AgentReport runAndReport(Scenario given) {
    given.agent("report=/out/report");
    assertThat(given.runTask().exitCode()).isZero();
    return given.root().report("/out/report");
  }
}
