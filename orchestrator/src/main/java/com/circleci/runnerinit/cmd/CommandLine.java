package com.circleci.runnerinit.cmd;

import com.circleci.runnerinit.configuration.ConfigurationParser;
import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.configuration.GoDuration;
import com.circleci.runnerinit.health.ListenAddress;
import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.log.LogFormat;
import com.circleci.runnerinit.task.Plan;
import com.circleci.runnerinit.task.SignalPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What the command line and the environment ask for: a flag goes before its variable, and that
 * before the default. Flags may stand anywhere. A value is read, and refused, when it is asked for.
 */
final class CommandLine {
  private final Environment environment;
  private final Map<Flag, List<String>> flags = new EnumMap<>(Flag.class);
  private final List<String> arguments = new ArrayList<>();
  private Optional<Command> command = Optional.empty();

  CommandLine(List<String> words, Environment environment) throws UsageException {
    this.environment = environment;
    sort(words);
    check();
  }

  /** Sorts the words into command, flags and arguments. */
  private void sort(List<String> words) throws UsageException {
    int at = 0;
    while (at < words.size() && !words.get(at).equals("--")) {
      String word = words.get(at++);
      List<Flag> named = flagsIn(word);
      if (named.isEmpty()) {
        arguments.add(word);
      }
      for (Flag flag : named) {
        List<String> values = flags.computeIfAbsent(flag, _ -> new ArrayList<>());
        int equals = word.indexOf('=');
        if (equals >= 0) {
          values.add(word.substring(equals + 1));
        } else if (flag.takesValue()) {
          if (at == words.size()
              || words.get(at).equals("--")
              || !flagsIn(words.get(at)).isEmpty()) {
            throw UsageException.ofCommandLine("missing value for flag " + word);
          }
          values.add(words.get(at++));
        }
      }
    }
    arguments.addAll(words.subList(Math.min(at + 1, words.size()), words.size()));
    command =
        Stream.of(Command.values())
            .filter(each -> !arguments.isEmpty() && arguments.getFirst().equals(each.word()))
            .findFirst();
    command.ifPresent(_ -> arguments.removeFirst());
  }

  /** The flags that a word names; none where it is an argument or a value. */
  private static List<Flag> flagsIn(String word) throws UsageException {
    if (!word.startsWith("-") || word.equals("-")) {
      return List.of();
    }
    // The value may be a secret that was meant for another flag.
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    List<Flag> named = Stream.of(Flag.values()).filter(flag -> flag.isIn(name)).toList();
    if (named.isEmpty()) {
      throw unknownFlag(name);
    }
    if (equals >= 0 && !named.getFirst().takesValue()) {
      throw UsageException.ofCommandLine("flag " + name + " takes no value");
    }
    return named;
  }

  private void check() throws UsageException {
    for (Flag flag : flags.keySet()) {
      if (!flag.isOf(command())) {
        throw unknownFlag(flag.word());
      }
    }
    int allowed = command() == Command.INIT ? 2 : 0;
    if (arguments.size() > allowed) {
      throw UsageException.ofCommandLine("unexpected argument " + arguments.get(allowed));
    }
    // Without "init", what is no path can only be a command that there is not.
    if (command.isEmpty() && !arguments.isEmpty() && !looksLikePath(arguments.getFirst())) {
      String word = arguments.getFirst();
      throw UsageException.ofCommandLine(
          "unknown command "
              + word
              + suggestion(word, Stream.of(Command.values()).map(Command::word)));
    }
  }

  private static boolean looksLikePath(String word) {
    return word.contains("/") || word.startsWith(".") || word.startsWith("~");
  }

  private static UsageException unknownFlag(String name) {
    Stream<String> known =
        Stream.of(Flag.values()).filter(flag -> !flag.isHidden()).map(Flag::word);
    return UsageException.ofCommandLine("unknown flag " + name + suggestion(name, known));
  }

  /** {@code ", did you mean …?"}, or nothing when no word comes close. */
  private static String suggestion(String word, Stream<String> known) {
    int most = Math.clamp(word.length() / 3, 1, 3);
    return known
        .filter(each -> !each.equals(word) && distance(word, each) <= most)
        .min(Comparator.comparingInt(each -> distance(word, each)))
        .map(best -> ", did you mean " + best + "?")
        .orElse("");
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] row = IntStream.rangeClosed(0, b.length()).toArray();
    for (int i = 0; i < a.length(); i++) {
      int diagonal = row[0]++;
      for (int j = 0; j < b.length(); j++) {
        int change = diagonal + (a.charAt(i) == b.charAt(j) ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = Math.min(change, Math.min(diagonal, row[j]) + 1);
      }
    }
    return row[b.length()];
  }

  boolean asksForHelp() {
    return flags.containsKey(Flag.HELP);
  }

  String help(String program) {
    return command.map(each -> each.help(program)).orElseGet(() -> Command.helpOfAll(program));
  }

  boolean asksForVersion() throws UsageException {
    String variable = Flag.VERSION.variable();
    boolean isGiven = flags.containsKey(Flag.VERSION);
    String value = isGiven ? "true" : environment.get(variable).orElse("");
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "true", "1", "yes" -> true;
      case "false", "0", "no", "" -> false;
      default ->
          throw UsageException.ofEnvironment(
              variable, "expected true or false, but got \"" + value + "\"");
    };
  }

  Command command() {
    return command.orElse(Command.INIT);
  }

  /** Maybe relative to the working directory, as is the destination. */
  String source() {
    return path(0, "SOURCE", "/");
  }

  String destination() {
    return path(1, "DESTINATION", "/opt/circleci/bin");
  }

  private String path(int index, String variable, String byDefault) {
    String path =
        arguments.size() > index
            ? arguments.get(index)
            : environment.get(variable).filter(value -> !value.isEmpty()).orElse(byDefault);
    return path.equals("~") || path.startsWith("~/")
        ? environment.get("HOME").orElse("/") + path.substring(1)
        : path;
  }

  /** The custom init process and its own arguments, which come before the orchestrator's. */
  List<String> entrypoint() throws UsageException {
    List<String> entrypoint = list(Flag.ENTRYPOINT);
    if (entrypoint.isEmpty() || entrypoint.getFirst().isEmpty()) {
      throw missing(Flag.ENTRYPOINT, "the custom init process to run");
    }
    return entrypoint;
  }

  /** The flags that were given, for run-task. */
  List<String> passedOn() {
    List<String> passedOn = new ArrayList<>();
    flags.forEach((flag, values) -> {
      if (flag.isOf(Command.RUN_TASK) && !flag.isHidden()) {
        values.forEach(value -> passedOn.add(flag.word() + "=" + value));
      }
    });
    return passedOn;
  }

  /** A configuration that was given by flag is passed on where no process list shows it. */
  Map<String, String> configPassedOn() {
    return flags.containsKey(Flag.CONFIG)
        ? Map.of(Flag.CONFIG.variable(), value(Flag.CONFIG).orElse(""))
        : Map.of();
  }

  Plan plan() throws UsageException {
    String config =
        value(Flag.CONFIG)
            .filter(text -> !text.isBlank())
            .orElseThrow(() -> missing(Flag.CONFIG, "the task's configuration"));
    return new Plan(
        ConfigurationParser.parse(config),
        shutdownDelay(),
        read(Flag.TERMINATION_GRACE_PERIOD, "10s", CommandLine::duration),
        read(Flag.SIGNAL_POLICY, "drain", text -> choice(text, SignalPolicy.values())),
        stopSignals(),
        read(Flag.HEALTH_CHECK_ADDR, ":7623", ListenAddress::parse));
  }

  Duration shutdownDelay() throws UsageException {
    return read(Flag.SHUTDOWN_DELAY, "0s", CommandLine::duration);
  }

  LogFormat logFormat() throws UsageException {
    return read(Flag.LOG_FORMAT, "text", text -> choice(text, LogFormat.values()));
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

  /** As in Go, where a wait for less than nothing is none. */
  private static Duration duration(String text) {
    Duration duration = GoDuration.parse(text);
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  private static <E extends Enum<E>> E choice(String text, E[] choices) {
    List<String> names =
        Arrays.stream(choices).map(each -> each.name().toLowerCase(Locale.ROOT)).toList();
    if (!names.contains(text)) {
      throw new IllegalArgumentException(
          "expected " + String.join(" or ", names) + ", but got \"" + text + "\"");
    }
    return choices[names.indexOf(text)];
  }

  private <T> T read(Flag flag, String byDefault, Function<String, T> reader)
      throws UsageException {
    try {
      return reader.apply(value(flag).orElse(byDefault));
    } catch (IllegalArgumentException e) {
      throw invalid(flag, String.valueOf(e.getMessage()));
    }
  }

  private Optional<String> value(Flag flag) {
    return flags.containsKey(flag)
        ? Optional.of(flags.get(flag).getLast())
        : environment.get(flag.variable()).filter(value -> !value.isEmpty());
  }

  private List<String> list(Flag flag) {
    List<String> words = new ArrayList<>();
    List<String> byDefault = environment.get(flag.variable()).stream().toList();
    flags.getOrDefault(flag, byDefault).forEach(value -> split(value, words));
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

  private UsageException missing(Flag flag, String what) {
    String why = ": " + command().word() + " needs " + what + " ($" + flag.variable() + ")";
    return UsageException.ofCommandLine("missing flag " + flag.word() + why);
  }

  private UsageException invalid(Flag flag, String problem) {
    return flags.containsKey(flag)
        ? UsageException.ofCommandLine(flag.word() + ": " + problem)
        : UsageException.ofEnvironment(flag.variable(), problem);
  }
}
