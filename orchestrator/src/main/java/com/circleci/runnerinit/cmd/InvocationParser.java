package com.circleci.runnerinit.cmd;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.cmd.CommandLine.Command;
import com.circleci.runnerinit.cmd.CommandLine.Flag;
import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.configuration.GoDuration;
import com.circleci.runnerinit.health.ListenAddress;
import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.log.LogFormat;
import com.circleci.runnerinit.task.SignalPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Reads the command line and the environment: a flag goes before its variable and its default. */
final class InvocationParser {
  private static final String DEFAULT_SOURCE = "/";
  private static final String DEFAULT_DESTINATION = "/opt/circleci/bin";

  private final CommandLine line;
  private final Environment environment;

  private InvocationParser(CommandLine line, Environment environment) {
    this.line = line;
    this.environment = environment;
  }

  static Invocation parse(List<String> words, Environment environment) throws UsageException {
    return new InvocationParser(CommandLine.parse(words), environment).parse();
  }

  private Invocation parse() throws UsageException {
    if (line.help()) {
      return new Invocation.Help(line.command());
    }
    if (line.version() || isVersionAskedByEnvironment()) {
      return new Invocation.Version();
    }
    return switch (line.command().orElse(Command.INIT)) {
      case INIT -> init();
      case OVERRIDE -> override();
      case RUN_TASK -> runTask();
    };
  }

  private boolean isVersionAskedByEnvironment() throws UsageException {
    String variable = "CIRCLECI_GOAT_VERSION";
    String value = environment.get(variable).orElse("");
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "true", "1", "yes" -> true;
      case "false", "0", "no", "" -> false;
      default ->
          throw UsageException.ofEnvironment(
              variable, "expected true or false, but got \"" + value + "\"");
    };
  }

  private Invocation init() throws UsageException {
    return new Invocation.Init(
        path(0, "SOURCE", DEFAULT_SOURCE),
        path(1, "DESTINATION", DEFAULT_DESTINATION),
        duration(Flag.SHUTDOWN_DELAY, Duration.ZERO),
        logFormat());
  }

  private String path(int index, String variable, String byDefault) {
    String path =
        line.arguments().size() > index
            ? line.arguments().get(index)
            : environment.get(variable).filter(value -> !value.isEmpty()).orElse(byDefault);
    return path.equals("~") || path.startsWith("~/")
        ? environment.get("HOME").orElse("/") + path.substring(1)
        : path;
  }

  private Invocation override() throws UsageException {
    List<String> entrypoint = list(Flag.ENTRYPOINT);
    if (entrypoint.isEmpty() || entrypoint.getFirst().isEmpty()) {
      throw missing(Flag.ENTRYPOINT, "override needs the custom init process to run");
    }
    // What run-task would refuse is refused here, where the operator looks first.
    runTask();
    List<String> passedOn = new ArrayList<>();
    line.flags()
        .forEach((flag, values) -> {
          if (flag.isOf(Command.RUN_TASK) && flag != Flag.CONFIG) {
            values.forEach(value -> passedOn.add("--" + flag.word() + "=" + value));
          }
        });
    return new Invocation.HandOver(
        entrypoint,
        passedOn,
        isGiven(Flag.CONFIG) ? value(Flag.CONFIG) : Optional.empty(),
        logFormat());
  }

  private Invocation.RunTask runTask() throws UsageException {
    String config =
        value(Flag.CONFIG)
            .filter(text -> !text.isBlank())
            .orElseThrow(() ->
                missing(
                    Flag.CONFIG,
                    line.command().orElseThrow().word() + " needs the task's configuration"));
    return new Invocation.RunTask(
        config,
        duration(Flag.SHUTDOWN_DELAY, Duration.ZERO),
        duration(Flag.TERMINATION_GRACE_PERIOD, Duration.ofSeconds(10)),
        signalPolicy(),
        stopSignals(),
        healthAddress(),
        logFormat());
  }

  private static UsageException missing(Flag flag, String why) {
    return UsageException.ofCommandLine(
        "missing flag --" + flag.word() + ": " + why + " ($" + flag.variable() + ")");
  }

  private List<String> list(Flag flag) {
    List<String> words = new ArrayList<>();
    List<String> given = given(flag);
    (given.isEmpty() ? environment.get(flag.variable()).stream().toList() : given)
        .forEach(value -> split(value, words));
    return words;
  }

  /**
   * Splits at commas. Backslashes mean themselves, but before a comma: each two of them are one,
   * and one that is left over makes the comma a part of the word. An empty last word is none.
   */
  private static void split(String list, List<String> words) {
    StringBuilder word = new StringBuilder();
    int backslashes = 0;
    for (int at = 0; at < list.length(); at++) {
      char c = list.charAt(at);
      if (c == '\\') {
        backslashes++;
        continue;
      }
      word.repeat('\\', c == ',' ? backslashes / 2 : backslashes);
      if (c == ',' && backslashes % 2 == 0) {
        words.add(word.toString());
        word.setLength(0);
      } else {
        word.append(c);
      }
      backslashes = 0;
    }
    word.repeat('\\', backslashes);
    if (!word.isEmpty()) {
      words.add(word.toString());
    }
  }

  private Set<Integer> stopSignals() throws UsageException {
    Set<Integer> signals = new TreeSet<>();
    for (String name : list(Flag.STOP_SIGNAL)) {
      int signal = Signals.number(name.strip()).orElse(0);
      if (!Signals.isTaken(signal) || signal == Signals.SIGCHLD) {
        throw invalid(
            Flag.STOP_SIGNAL,
            "expected signals that can be caught, such as SIGQUIT or 3, but got \"" + name + "\"");
      }
      signals.add(signal);
    }
    return signals;
  }

  private Duration duration(Flag flag, Duration byDefault) throws UsageException {
    Optional<String> value = value(flag);
    if (value.isEmpty()) {
      return byDefault;
    }
    try {
      // As in Go, where a wait for less than nothing is none.
      Duration duration = GoDuration.parse(value.get());
      return duration.isNegative() ? Duration.ZERO : duration;
    } catch (IllegalArgumentException e) {
      throw invalid(flag, message(e));
    }
  }

  private ListenAddress healthAddress() throws UsageException {
    String value = value(Flag.HEALTH_CHECK_ADDR).orElse(":7623");
    try {
      return ListenAddress.parse(value);
    } catch (IllegalArgumentException e) {
      throw invalid(Flag.HEALTH_CHECK_ADDR, message(e));
    }
  }

  private SignalPolicy signalPolicy() throws UsageException {
    String value = value(Flag.SIGNAL_POLICY).orElse("drain");
    return switch (value) {
      case "drain" -> SignalPolicy.DRAIN;
      case "forward" -> SignalPolicy.FORWARD;
      default ->
          throw invalid(Flag.SIGNAL_POLICY, "expected drain or forward, but got \"" + value + "\"");
    };
  }

  private LogFormat logFormat() throws UsageException {
    String value = value(Flag.LOG_FORMAT).orElse("text");
    return switch (value) {
      case "text" -> LogFormat.TEXT;
      case "json" -> LogFormat.JSON;
      default -> throw invalid(Flag.LOG_FORMAT, "expected text or json, but got \"" + value + "\"");
    };
  }

  private UsageException invalid(Flag flag, String problem) {
    return isGiven(flag)
        ? UsageException.ofCommandLine("--" + flag.word() + ": " + problem)
        : UsageException.ofEnvironment(flag.variable(), problem);
  }

  private boolean isGiven(Flag flag) {
    return !given(flag).isEmpty();
  }

  private List<String> given(Flag flag) {
    return line.flags().getOrDefault(flag, List.of());
  }

  private Optional<String> value(Flag flag) {
    List<String> given = given(flag);
    return given.isEmpty()
        ? environment.get(flag.variable()).filter(value -> !value.isEmpty())
        : Optional.of(given.getLast());
  }

  private static String message(IllegalArgumentException e) {
    return requireNonNull(e.getMessage(), "an exception without a message");
  }
}
