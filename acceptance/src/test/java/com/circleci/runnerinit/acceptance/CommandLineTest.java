package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@InAContainer
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
    "--help, init override run-task --shutdown-delay --version",
    "-h, init override run-task --shutdown-delay",
    "init --help, SOURCE DESTINATION /opt/circleci/bin",
    "override -h, --entrypoint CIRCLECI_GOAT_ENTRYPOINT --termination-grace-period",
    "run-task --help, --termination-grace-period --health-check-addr :7623 CIRCLECI_GOAT_HEALTH_CHECK_ADDR"
  })
  void shouldExplainEachCommand(String arguments, String words, Scenario given) {
    var container = orchestrator(given, arguments);

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().text()).contains(words.split(" ", -1));
    assertThat(container.stdout().text()).doesNotContain("--config");
    assertThat(container.stderr().text()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "--bogus, unknown flag --bogus",
    "--bogus=1, unknown flag --bogus",
    "-x, unknown flag -x",
    "init --bogus, unknown flag --bogus",
    "run-task --bogus, unknown flag --bogus",
    "override --bogus, unknown flag --bogus",
    "init --health-check-addr=:1, unknown flag --health-check-addr",
    "run-task --entrypoint=x, unknown flag --entrypoint",
    "-Xmx64m, unknown flag -Xmx64m",
    "-XX:+UseG1GC, unknown flag -XX:+UseG1GC",
    "-Dkey=value, unknown flag -Dkey"
  })
  void shouldNameAFlagThatItDoesNotKnow(String arguments, String error, Scenario given) {
    assertIsUsageError(orchestrator(given, arguments), error);
  }

  @ParameterizedTest
  @CsvSource({
    "frobnicate, frobnicate",
    "init a b c, c",
    "run-task extra, extra",
    "override --entrypoint=x extra, extra",
    "run-task --termination-grace-period, --termination-grace-period",
    "run-task --health-check-addr, --health-check-addr",
    "run-task --termination-grace-period=10, --termination-grace-period",
    "run-task --termination-grace-period=ten, --termination-grace-period",
    "run-task --termination-grace-period=1d, --termination-grace-period",
    "run-task --termination-grace-period=, --termination-grace-period",
    "run-task --shutdown-delay=5x, --shutdown-delay",
    "--shutdown-delay=s, --shutdown-delay",
    "run-task --health-check-addr=nowhere, --health-check-addr",
    "run-task --health-check-addr=:65536, --health-check-addr",
    "run-task --signal-policy=maybe, --signal-policy",
    "run-task --log-format=xml, --log-format"
  })
  void shouldNameWhatIsWrongWithAnArgument(String arguments, String word, Scenario given) {
    assertIsUsageError(orchestrator(given, arguments), word);
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
  @ValueSource(strings = {"0", "0s", "300ms", "1.5s", "1h0m0s", "10us", "10µs", "1h2m3.5s", "+5s"})
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

  private static void assertIsUsageError(Container container, String error) {
    assertThat(container.exitCode()).isEqualTo(80);
    assertThat(container.stderr().lines()).hasSizeLessThanOrEqualTo(2);
    assertThat(container.stderr().lines().getFirst())
        .startsWith("orchestrator: error: ")
        .contains(error);
    assertThat(container.stderr().text()).contains("--help");
    assertThat(container.stdout().text()).isEmpty();
  }
}
