package com.circleci.runnerinit.cmd;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.configuration.GoDuration;
import com.circleci.runnerinit.health.ListenAddress;
import com.circleci.runnerinit.log.LogFormat;
import com.circleci.runnerinit.task.SignalPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads the command line and the environment: a flag goes before its variable and its default. */
final class InvocationParser {
  private static final String DEFAULT_SOURCE = "/";
  private static final String DEFAULT_DESTINATION = "/opt/circleci/bin";

  private final CommandLine line;
  private final Environment environment;

  private InvocationParser(CommandLine line, Environment environment) {
    this.line = requireNonNull(line, "line is null");
    this.environment = requireNonNull(environment, "environment is null");
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
        absolute(path(0, "SOURCE", DEFAULT_SOURCE)),
        absolute(path(1, "DESTINATION", DEFAULT_DESTINATION)),
        duration(Flag.SHUTDOWN_DELAY, Duration.ZERO),
        logFormat());
  }

  private String path(int index, String variable, String byDefault) {
    return line.arguments().size() > index
        ? line.arguments().get(index)
        : environment.get(variable).filter(value -> !value.isEmpty()).orElse(byDefault);
  }

  private String absolute(String path) {
    String expanded = path;
    if (path.equals("~") || path.startsWith("~/")) {
      expanded = environment.get("HOME").orElse("/") + path.substring(1);
    }
    return java.nio.file.Path.of(expanded).toAbsolutePath().normalize().toString();
  }

  private Invocation override() throws UsageException {
    List<String> entrypoint = new ArrayList<>();
    List<String> given = given(Flag.ENTRYPOINT);
    if (given.isEmpty()) {
      environment.get(Flag.ENTRYPOINT.variable()).ifPresent(v -> entrypoint.addAll(split(v)));
    } else {
      given.forEach(value -> entrypoint.addAll(split(value)));
    }
    if (entrypoint.isEmpty() || entrypoint.getFirst().isEmpty()) {
      throw UsageException.ofCommandLine(
          "missing flag --entrypoint: override needs the custom init process to run ($"
              + Flag.ENTRYPOINT.variable()
              + ")");
    }
    // What run-task would refuse is refused here, where the operator looks first.
    duration(Flag.SHUTDOWN_DELAY, Duration.ZERO);
    gracePeriod();
    healthAddress();
    signalPolicy();
    return new Invocation.HandOver(
        entrypoint, passedOn(), value(Flag.CONFIG).filter(c -> isGiven(Flag.CONFIG)), logFormat());
  }

  private List<String> passedOn() {
    List<String> flags = new ArrayList<>();
    for (Flag flag : Flag.values()) {
      List<String> values = given(flag);
      if (flag.isOf(Command.RUN_TASK) && flag != Flag.CONFIG && !values.isEmpty()) {
        flags.add("--" + flag.word() + "=" + values.getLast());
      }
    }
    return flags;
  }

  /** Splits at commas; a comma after a backslash is part of a word. */
  private static List<String> split(String list) {
    List<String> words = new ArrayList<>();
    if (list.isEmpty()) {
      return words;
    }
    StringBuilder word = new StringBuilder();
    for (int at = 0; at < list.length(); at++) {
      char c = list.charAt(at);
      if (c == '\\' && at + 1 < list.length() && list.charAt(at + 1) == ',') {
        word.append(',');
        at++;
      } else if (c == ',') {
        words.add(word.toString());
        word.setLength(0);
      } else {
        word.append(c);
      }
    }
    words.add(word.toString());
    return words;
  }

  private Invocation runTask() throws UsageException {
    Optional<String> config = value(Flag.CONFIG).filter(text -> !text.isBlank());
    if (config.isEmpty()) {
      throw UsageException.ofCommandLine(
          "missing flag --config: run-task needs the task's configuration ($"
              + Flag.CONFIG.variable()
              + ")");
    }
    return new Invocation.RunTask(
        config.get(),
        duration(Flag.SHUTDOWN_DELAY, Duration.ZERO),
        gracePeriod(),
        signalPolicy(),
        healthAddress(),
        logFormat());
  }

  private Duration gracePeriod() throws UsageException {
    return duration(Flag.TERMINATION_GRACE_PERIOD, Duration.ofSeconds(10));
  }

  private Duration duration(Flag flag, Duration byDefault) throws UsageException {
    Optional<String> value = value(flag);
    if (value.isEmpty()) {
      return byDefault;
    }
    try {
      Duration duration = GoDuration.parse(value.get());
      if (duration.isNegative()) {
        throw new IllegalArgumentException(
            "expected a duration of zero or more, but got \"" + value.get() + "\"");
      }
      return duration;
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
