package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Resources;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@InAContainer
@Tag("core")
class CommandLineTest {
  private static final String VERSION_LINE = "runner-init version \\S+ \\(built \\S.*\\)\n";

  @ParameterizedTest
  @ValueSource(strings = {"--version", "-v", "init --version", "override -v", "run-task --version"})
  void shouldSayItsVersion(String arguments, Scenario given) {
    var container = orchestrator(given, arguments);

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().text()).matches(VERSION_LINE);
    assertThat(container.stderr().text()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "1", "TRUE"})
  void shouldSayItsVersionWhenTheEnvironmentAsks(String value, Scenario given) {
    given.environment("CIRCLECI_GOAT_VERSION", value);

    var container = orchestrator(given, "run-task");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().text()).matches(VERSION_LINE);
  }

  @ParameterizedTest
  @CsvSource({
    "--help, orchestrator",
    "-h, orchestrator",
    "init --help, init",
    "override -h, override",
    "run-task --help, run-task"
  })
  void shouldExplainEachCommand(String arguments, String page, Scenario given) {
    var container = orchestrator(given, arguments);

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().text()).isEqualTo(Resources.read("help/" + page + ".txt"));
    assertThat(container.stderr().text()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          --bogus                                            | unknown flag --bogus
          --bogus=1                                          | unknown flag --bogus
          -x                                                 | unknown flag -x
          -version                                           | unknown flag -version, did you mean --version?
          -help                                              | unknown flag -help, did you mean --help?
          -shutdown-delay=2s                                 | unknown flag -shutdown-delay, did you mean --shutdown-delay?
          init --bogus                                       | unknown flag --bogus
          run-task --bogus                                   | unknown flag --bogus
          override --bogus                                   | unknown flag --bogus
          init --health-check-addr=:1                        | unknown flag --health-check-addr
          run-task --entrypoint=x                            | unknown flag --entrypoint
          --shutdown-dela=1s                                 | unknown flag --shutdown-dela, did you mean --shutdown-delay?
          -Xmx64m                                            | unknown flag -Xmx64m
          -XX:+UseG1GC                                       | unknown flag -XX:+UseG1GC
          -Dkey=value                                        | unknown flag -Dkey
          frobnicate                                         | unknown command frobnicate
          run-tas                                            | unknown command run-tas, did you mean run-task?
          init a b c                                         | unexpected argument c
          run-task extra                                     | unexpected argument extra
          override --entrypoint=x extra                      | unexpected argument extra
          run-task --termination-grace-period                | missing value for flag --termination-grace-period
          run-task --health-check-addr                       | missing value for flag --health-check-addr
          run-task --termination-grace-period=10             | --termination-grace-period: expected a duration such as 300ms, 10s or 1h0m0s, but got "10"
          run-task --termination-grace-period=ten            | --termination-grace-period: expected a duration such as 300ms, 10s or 1h0m0s, but got "ten"
          run-task --termination-grace-period=1d             | --termination-grace-period: expected a duration such as 300ms, 10s or 1h0m0s, but got "1d"
          run-task --termination-grace-period=               | --termination-grace-period: expected a duration such as 300ms, 10s or 1h0m0s, but got ""
          --shutdown-delay=s                                 | --shutdown-delay: expected a duration such as 300ms, 10s or 1h0m0s, but got "s"
          run-task --signal-policy=maybe                     | --signal-policy: expected drain or forward, but got "maybe"
          run-task --stop-signal=SIGKILL                     | --stop-signal: expected signals that can be caught, such as SIGQUIT or 3, but got "SIGKILL"
          --version=maybe                                    | flag --version takes no value
          run-task -v=1                                      | flag -v takes no value
          run-task --help=yes                                | flag --help takes no value
          run-task --log-format=xml                          | --log-format: expected text or json, but got "xml"
          """)
  void shouldSayOnOneLineWhatIsWrong(String arguments, String error, Scenario given) {
    var container = orchestrator(given, arguments);

    assertThat(container.exitCode()).isEqualTo(80);
    assertThat(container.stderr().text())
        .isEqualTo("orchestrator: error: " + error + " (see orchestrator --help)\n");
    assertThat(container.stdout().text()).isEmpty();
  }

  /** They have two dashes only. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "-version",
        "-help",
        "-shutdown-delay=2s",
        "init -version",
        "run-task -termination-grace-period 2s",
        "override -entrypoint=/x"
      })
  void shouldNotTakeALongNameAfterOneDash(String arguments, Scenario given) {
    var container = orchestrator(given, arguments);

    assertThat(container.exitCode()).isEqualTo(80);
    assertThat(container.stderr().lines())
        .singleElement()
        .satisfies(line -> assertThat(line).startsWith("orchestrator: error: unknown flag -"));
    assertThat(container.stdout().text()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"nowhere", ":65536", ":-1", ":http", "[::1", ""})
  void shouldSayWhatIsWrongWithAnAddress(String address, Scenario given) {
    var container = orchestrator(given, "run-task --health-check-addr=" + address);

    assertThat(container.exitCode()).isEqualTo(80);
    assertThat(container.stderr().lines())
        .singleElement()
        .satisfies(line ->
            assertThat(line)
                .startsWith("orchestrator: error: --health-check-addr: invalid address ")
                .contains("\"" + address + "\"")
                .endsWith("(see orchestrator --help)"));
  }

  @Test
  void shouldTellItsOwnNameInErrors(Scenario given) {
    given.root().program("/bin/goat", Executables.orchestrator());

    var container = given.execute("/bin/goat", "--bogus");

    assertThat(container.exitCode()).isEqualTo(80);
    assertThat(container.stderr().text()).startsWith("goat: error: unknown flag --bogus");
  }

  @ParameterizedTest
  @CsvSource({
    "CIRCLECI_GOAT_TERMINATION_GRACE_PERIOD, ten",
    "CIRCLECI_GOAT_TERMINATION_GRACE_PERIOD, 10",
    "CIRCLECI_GOAT_SHUTDOWN_DELAY, soon",
    "CIRCLECI_GOAT_HEALTH_CHECK_ADDR, nowhere",
    "CIRCLECI_GOAT_SIGNAL_POLICY, maybe",
    "CIRCLECI_GOAT_LOG_FORMAT, xml",
    "CIRCLECI_GOAT_STOP_SIGNAL, SIGKILL",
    "CIRCLECI_GOAT_VERSION, perhaps"
  })
  void shouldNameTheVariableWithABadValue(String name, String value, Scenario given) {
    given.environment(name, value);
    given.agent("touch=/out/started");

    var container = given.runTask();

    assertThat(container.exitCode()).isOne();
    assertThat(container.stderr().text()).contains(name).contains(value);
    assertThat(given.root().has("/out/started")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"0", "0s", "300ms", "1.5s", "1h0m0s", "10us", "10µs", "1h2m3.5s", "+5s", "-5s"})
  void shouldReadDurationsAsGoDoes(String duration, Scenario given) {
    given.agent("print=ran");

    var container = given.runTask("--termination-grace-period=" + duration);

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines()).contains("ran");
  }

  private static Container orchestrator(Scenario given, String arguments) {
    given.root().program("/orchestrator", Executables.orchestrator());
    given.environment("CIRCLECI_GOAT_CONFIG", "{}");
    return given.execute(
        Stream.concat(Stream.of("/orchestrator"), Stream.of(arguments.split(" ", -1)))
            .toArray(String[]::new));
  }
}
