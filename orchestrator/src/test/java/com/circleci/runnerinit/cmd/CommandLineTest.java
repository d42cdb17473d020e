package com.circleci.runnerinit.cmd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.configuration.ConfigurationParser;
import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.health.ListenAddress;
import com.circleci.runnerinit.linux.CStrings;
import com.circleci.runnerinit.log.LogFormat;
import com.circleci.runnerinit.task.ExitCode;
import com.circleci.runnerinit.task.Plan;
import com.circleci.runnerinit.task.SignalPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
  @Test
  void shouldInitFromTheDefaultsWhenNothingIsSaid() throws UsageException {
    assertInit(parse(Map.of()), "/", "/opt/circleci/bin", Duration.ZERO);
    assertThat(parse(Map.of()).logFormat()).isEqualTo(LogFormat.TEXT);
  }

  @Test
  void shouldTakePathsWithOrWithoutTheCommand() throws UsageException {
    assertInit(parse(Map.of(), "init", "/a", "/b"), "/a", "/b", Duration.ZERO);
    assertInit(parse(Map.of(), "/a", "/b"), "/a", "/b", Duration.ZERO);
    assertInit(parse(Map.of("DESTINATION", "/b"), "init", "/a"), "/a", "/b", Duration.ZERO);
    assertInit(
        parse(Map.of("HOME", "/h"), "init", "~/x"), "/h/x", "/opt/circleci/bin", Duration.ZERO);
  }

  @Test
  void shouldPreferTheFlagToTheVariableToTheDefault() throws UsageException {
    Map<String, String> variables =
        Map.of(
            "CIRCLECI_GOAT_CONFIG", "{}",
            "CIRCLECI_GOAT_SHUTDOWN_DELAY", "1s",
            "CIRCLECI_GOAT_SIGNAL_POLICY", "forward");
    CommandLine line = parse(variables, "--shutdown-delay", "2s", "run-task");

    assertThat(line.command()).isEqualTo(Command.RUN_TASK);
    assertThat(line.logFormat()).isEqualTo(LogFormat.TEXT);
    assertThat(line.plan())
        .isEqualTo(
            new Plan(
                ConfigurationParser.parse("{}"),
                Duration.ofSeconds(2),
                Duration.ofSeconds(10),
                SignalPolicy.FORWARD,
                Set.of(),
                ListenAddress.parse(":7623")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/x,a,|/x a",
        "/x,a,,|/x a _",
        "/x,,a|/x _ a",
        "/x|/x",
        "a\\,b|a,b",
        "a\\\\,b|a\\ b",
        "a\\\\\\,b|a\\,b",
        "a\\b\\\\c\\|a\\b\\\\c\\",
        "a\\,|a,",
        "a\\\\,|a\\",
      })
  void shouldSplitAListAsGoDoes(String list, String words) throws UsageException {
    Map<String, String> variables =
        Map.of("CIRCLECI_GOAT_CONFIG", "{}", "CIRCLECI_GOAT_ENTRYPOINT", list);

    for (CommandLine line :
        List.of(parse(variables, "override"), parse(variables, "override", "--entrypoint", list))) {
      assertThat(String.join(" ", line.entrypoint()).replaceAll(" (?= |$)", " _")).isEqualTo(words);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--shutdown-delay=-1s, PT0S",
    "--shutdown-delay=-1ns, PT0S",
    "--shutdown-delay=-0, PT0S",
    "--shutdown-delay=1ns, PT0.000000001S",
  })
  void shouldTakeANegativeDurationForNone(String flag, Duration delay) throws UsageException {
    assertInit(parse(Map.of(), flag, "/a", "/b"), "/a", "/b", delay);
    assertInit(
        parse(Map.of("CIRCLECI_GOAT_SHUTDOWN_DELAY", "-5s")),
        "/",
        "/opt/circleci/bin",
        Duration.ZERO);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SIGQUIT|3",
        "quit|3",
        "sigWinch,3, USR1 |3 10 28",
        "28|28",
        "SIGRTMIN+3,RTMAX-1,RTMAX|37 63 64",
        "TERM,SIGINT,|2 15",
        "SIGPOLL|29",
      })
  void shouldReadFurtherStopSignals(String list, String numbers) throws UsageException {
    Map<String, String> variables =
        Map.of("CIRCLECI_GOAT_CONFIG", "{}", "CIRCLECI_GOAT_STOP_SIGNAL", list);

    for (CommandLine line :
        List.of(
            parse(variables, "run-task"),
            parse(Map.of("CIRCLECI_GOAT_CONFIG", "{}"), "run-task", "--stop-signal", list))) {
      assertThat(line.plan().stopSignals().stream().map(String::valueOf))
          .containsExactlyInAnyOrder(numbers.split(" ", -1));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SIGKILL",
        "kill",
        "9",
        "STOP",
        "SIGCHLD",
        "17",
        "SIGCLD",
        "SEGV",
        "PIPE",
        "0",
        "-1",
        "65",
        "62",
        "32",
        "SIG",
        "SIGNOTHING",
        "SIGRTMIN",
        "RTMIN+31",
        "RTMAX+1",
        "RTMAX-",
        "RTMIN+x",
        "1000000000000",
        "QUIT WINCH",
        "SIGSIGQUIT",
        "QUIT,,WINCH"
      })
  void shouldRefuseAStopSignalThatCannotBeTaken(String name) {
    String shown = name.equals("QUIT,,WINCH") ? "" : name;

    assertRefused(
        () ->
            InvocationFuzz.readAll(
                parse(Map.of("CIRCLECI_GOAT_CONFIG", "{}"), "run-task", "--stop-signal=" + name)),
        ExitCode.USAGE,
        "--stop-signal: expected signals that can be caught, such as SIGQUIT or 3, but got \""
            + shown
            + "\"");
  }

  @Test
  void shouldTakeShortFlagsTogetherAndWhatFollowsTwoDashesForArguments() throws UsageException {
    assertThat(parse(Map.of(), "-vh").asksForHelp()).isTrue();
    assertThat(parse(Map.of(), "-vh").asksForVersion()).isTrue();
    assertThat(parse(Map.of(), "-v").asksForHelp()).isFalse();
    assertThat(parse(Map.of(), "-v").asksForVersion()).isTrue();
    assertInit(
        parse(Map.of(), "init", "--", "-version"), "-version", "/opt/circleci/bin", Duration.ZERO);
    assertInit(parse(Map.of(), "--", "/a", "--"), "/a", "--", Duration.ZERO);
  }

  @ParameterizedTest
  @CsvSource({"true,true", "1,true", "YES,true", "false,false", "0,false", "no,false", "'',false"})
  void shouldSayItsVersionWhenTheEnvironmentAsks(String value, boolean asks) throws UsageException {
    CommandLine line = parse(Map.of("CIRCLECI_GOAT_VERSION", value));

    assertThat(line.asksForVersion()).isEqualTo(asks);
  }

  @Test
  void shouldShowNoConfiguration() throws UsageException {
    Map<String, String> variables =
        Map.of("CIRCLECI_GOAT_CONFIG", "{\"token\":\"s3cr3t\"}", "HOME", "/root");

    CommandLine line = parse(variables, "run-task", "--config={\"token\":\"s3cr3t\"}");

    assertThat(line.plan().configuration().token().reveal()).isEqualTo("s3cr3t");
    assertThat(line.plan().toString()).doesNotContain("s3cr3t");
  }

  @Test
  void shouldSplitTheEntrypointAndPassOnTheFlagsThatWereGiven() throws UsageException {
    CommandLine line =
        parse(
            Map.of("CIRCLECI_GOAT_SHUTDOWN_DELAY", "1s"),
            "override",
            "--entrypoint=tini,-g",
            "--entrypoint=a\\,b,--",
            "--health-check-addr=:1",
            "--stop-signal=QUIT",
            "--stop-signal=WINCH,3",
            "--config={}");

    assertThat(line.entrypoint()).containsExactly("tini", "-g", "a,b", "--");
    assertThat(line.passedOn())
        .containsExactly("--health-check-addr=:1", "--stop-signal=QUIT", "--stop-signal=WINCH,3");
    assertThat(line.configPassedOn()).containsExactly(Map.entry("CIRCLECI_GOAT_CONFIG", "{}"));
    assertThat(parse(Map.of("CIRCLECI_GOAT_CONFIG", "{}"), "override").configPassedOn()).isEmpty();
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
        "-version|unknown flag -version, did you mean --version?",
        "-help|unknown flag -help, did you mean --help?",
        "run-task -help|unknown flag -help, did you mean --help?",
        "-shutdown-delay=2s|unknown flag -shutdown-delay, did you mean --shutdown-delay?",
        "-shutdown-delay2s|unknown flag -shutdown-delay2s, did you mean --shutdown-delay?",
        "-shutdown-delay 2s|unknown flag -shutdown-delay, did you mean --shutdown-delay?",
        "--shutdown-delay -1s|unknown flag -1s",
        "run-task -config={\"token\":\"s\"}|unknown flag -config",
        "run-task -config{\"token\":\"s\"}|unknown flag -config{…",
        "-hx|unknown flag -hx",
        "--log-form=json|unknown flag --log-form, did you mean --log-format?",
        "override --entrypoint=,|missing flag --entrypoint: override needs the custom init process to"
            + " run ($CIRCLECI_GOAT_ENTRYPOINT)",
        "override --entrypoint=|missing flag --entrypoint: override needs the custom init process to"
            + " run ($CIRCLECI_GOAT_ENTRYPOINT)",
        "override --entrypoint=x|missing flag --config: override needs the task's configuration"
            + " ($CIRCLECI_GOAT_CONFIG)",
        "override --entrypoint=x --config=|missing flag --config: override needs the task's"
            + " configuration ($CIRCLECI_GOAT_CONFIG)",
        "override --entrypoint=x --config={} --stop-signal=9|--stop-signal: expected signals that can"
            + " be caught, such as SIGQUIT or 3, but got \"9\"",
        "override|missing flag --entrypoint: override needs the custom init process to run"
            + " ($CIRCLECI_GOAT_ENTRYPOINT)",
        "run-task|missing flag --config: run-task needs the task's configuration"
            + " ($CIRCLECI_GOAT_CONFIG)",
      })
  void shouldRefuseABadCommandLine(String words, String problem) {
    assertRefused(
        () -> InvocationFuzz.readAll(parse(Map.of(), words.split(" ", -1))),
        ExitCode.USAGE,
        problem);
  }

  @ParameterizedTest
  @CsvSource({
    "CIRCLECI_GOAT_SHUTDOWN_DELAY, x",
    "CIRCLECI_GOAT_TERMINATION_GRACE_PERIOD, 1",
    "CIRCLECI_GOAT_HEALTH_CHECK_ADDR, nowhere",
    "CIRCLECI_GOAT_SIGNAL_POLICY, x",
    "CIRCLECI_GOAT_LOG_FORMAT, x",
    "CIRCLECI_GOAT_STOP_SIGNAL, SIGKILL",
    "CIRCLECI_GOAT_VERSION, x"
  })
  void shouldNameTheVariableThatIsBad(String variable, String value) {
    assertThatThrownBy(() ->
            InvocationFuzz.readAll(
                parse(
                    Map.of(variable, value, "CIRCLECI_GOAT_CONFIG", "{\"token\":\"s\"}"),
                    "run-task")))
        .isInstanceOfSatisfying(
            UsageException.class,
            refusal -> {
              assertThat(refusal.exitCode()).isEqualTo(ExitCode.FAILED);
              assertThat(refusal.getMessage()).startsWith(variable + ": ").doesNotContain("token");
            });
  }

  private static void assertRefused(ThrowingCallable call, ExitCode code, String problem) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            UsageException.class,
            refusal -> {
              assertThat(refusal.exitCode()).isEqualTo(code);
              assertThat(refusal.getMessage()).isEqualTo(problem);
            });
  }

  private static void assertInit(
      CommandLine line, String source, String destination, Duration delay) throws UsageException {
    assertThat(line.command()).isEqualTo(Command.INIT);
    assertThat(line.source()).isEqualTo(source);
    assertThat(line.destination()).isEqualTo(destination);
    assertThat(line.shutdownDelay()).isEqualTo(delay);
  }

  private static CommandLine parse(Map<String, String> variables, String... words)
      throws UsageException {
    List<byte[]> entries =
        variables.entrySet().stream()
            .map(each -> CStrings.encode(each.getKey() + "=" + each.getValue()))
            .toList();
    return new CommandLine(List.of(words), new Environment(entries));
  }
}
