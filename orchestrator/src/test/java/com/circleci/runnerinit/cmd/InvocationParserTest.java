package com.circleci.runnerinit.cmd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.health.ListenAddress;
import com.circleci.runnerinit.log.LogFormat;
import com.circleci.runnerinit.task.ExitCode;
import com.circleci.runnerinit.task.SignalPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InvocationParserTest {
  @Test
  void shouldInitFromTheDefaultsWhenNothingIsSaid() throws UsageException {
    assertThat(parse(Map.of()))
        .isEqualTo(new Invocation.Init("/", "/opt/circleci/bin", Duration.ZERO, LogFormat.TEXT));
  }

  @Test
  void shouldTakePathsWithOrWithoutTheCommand() throws UsageException {
    Invocation both = new Invocation.Init("/a", "/b", Duration.ZERO, LogFormat.TEXT);

    assertThat(parse(Map.of(), "init", "/a", "/b")).isEqualTo(both);
    assertThat(parse(Map.of(), "/a", "/b")).isEqualTo(both);
    assertThat(parse(Map.of("DESTINATION", "/b"), "init", "/a")).isEqualTo(both);
    assertThat(parse(Map.of("HOME", "/h"), "init", "~/x"))
        .isEqualTo(new Invocation.Init("/h/x", "/opt/circleci/bin", Duration.ZERO, LogFormat.TEXT));
  }

  @Test
  void shouldPreferTheFlagToTheVariableToTheDefault() throws UsageException {
    Map<String, String> variables =
        Map.of(
            "CIRCLECI_GOAT_CONFIG", "{}",
            "CIRCLECI_GOAT_SHUTDOWN_DELAY", "1s",
            "CIRCLECI_GOAT_SIGNAL_POLICY", "forward");

    assertThat(parse(variables, "--shutdown-delay", "2s", "run-task"))
        .isEqualTo(
            new Invocation.RunTask(
                "{}",
                Duration.ofSeconds(2),
                Duration.ofSeconds(10),
                SignalPolicy.FORWARD,
                ListenAddress.parse(":7623"),
                LogFormat.TEXT));
  }

  @Test
  void shouldSplitTheEntrypointAndPassOnTheFlagsThatWereGiven() throws UsageException {
    assertThat(
            parse(
                Map.of("CIRCLECI_GOAT_SHUTDOWN_DELAY", "1s"),
                "override",
                "--entrypoint=tini,-g",
                "--entrypoint=a\\,b,--",
                "--health-check-addr=:1",
                "--config={}"))
        .isEqualTo(
            new Invocation.HandOver(
                List.of("tini", "-g", "a,b", "--"),
                List.of("--health-check-addr=:1"),
                Optional.of("{}"),
                LogFormat.TEXT));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--bogus|unknown flag --bogus",
        "--token=secret|unknown flag --token",
        "--version=maybe|flag --version takes no value",
        "-v=1|flag -v takes no value",
        "run-task --help=1|flag --help takes no value",
        "--shutdwn-delay=1s|unknown flag --shutdwn-delay, did you mean --shutdown-delay?",
        "--health-check-addr=:1|unknown flag --health-check-addr",
        "runtask|unknown command runtask, did you mean run-task?",
        "foo|unknown command foo",
        "init /a /b /c|unexpected argument /c",
        "run-task x|unexpected argument x",
        "run-task {\"token\":\"s\"}|unexpected argument {…",
        "{\"token\":\"s\"}|unknown command {…",
        "run-task --config{\"token\":\"s\"}|unknown flag --config{…",
        "--shutdown-delay={\"token\":\"s\"}|--shutdown-delay: expected a duration such as 300ms, 10s"
            + " or 1h0m0s, but got \"{…",
        "--shutdown-delay|missing value for flag --shutdown-delay",
        "--shutdown-delay=x|--shutdown-delay: expected a duration such as 300ms, 10s or 1h0m0s,"
            + " but got \"x\"",
        "--shutdown-delay=-1s|--shutdown-delay: expected a duration of zero or more, but got"
            + " \"-1s\"",
        "override|missing flag --entrypoint: override needs the custom init process to run"
            + " ($CIRCLECI_GOAT_ENTRYPOINT)",
        "run-task|missing flag --config: run-task needs the task's configuration"
            + " ($CIRCLECI_GOAT_CONFIG)",
      })
  void shouldRefuseABadCommandLine(String words, String problem) {
    assertRefused(() -> parse(Map.of(), words.split(" ", -1)), ExitCode.USAGE, problem);
  }

  @ParameterizedTest
  @CsvSource({
    "CIRCLECI_GOAT_SHUTDOWN_DELAY, x",
    "CIRCLECI_GOAT_TERMINATION_GRACE_PERIOD, 1",
    "CIRCLECI_GOAT_HEALTH_CHECK_ADDR, nowhere",
    "CIRCLECI_GOAT_SIGNAL_POLICY, x",
    "CIRCLECI_GOAT_LOG_FORMAT, x",
    "CIRCLECI_GOAT_VERSION, x"
  })
  void shouldNameTheVariableThatIsBad(String variable, String value) {
    assertThatThrownBy(() ->
            parse(Map.of(variable, value, "CIRCLECI_GOAT_CONFIG", "{\"token\":\"s\"}"), "run-task"))
        .isInstanceOfSatisfying(
            UsageException.class,
            refusal -> {
              assertThat(refusal.exitCode()).isEqualTo(ExitCode.FAILED);
              assertThat(refusal.problem()).startsWith(variable + ": ").doesNotContain("token");
            });
  }

  private static void assertRefused(ThrowingCallable call, ExitCode code, String problem) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            UsageException.class,
            refusal -> {
              assertThat(refusal.exitCode()).isEqualTo(code);
              assertThat(refusal.problem()).isEqualTo(problem);
            });
  }

  private static Invocation parse(Map<String, String> variables, String... words)
      throws UsageException {
    return InvocationParser.parse(List.of(words), Environment.of(variables));
  }
}
