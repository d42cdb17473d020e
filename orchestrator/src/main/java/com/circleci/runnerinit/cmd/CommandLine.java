package com.circleci.runnerinit.cmd;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.MissingArgumentException;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.apache.commons.cli.UnrecognizedOptionException;

/**
 * The words of a command line, sorted into command, flags and arguments; flags may stand anywhere.
 *
 * @param command empty: none was named
 * @param flags the values of each, in the order in which they were given
 */
record CommandLine(
    Optional<Command> command,
    Map<Flag, List<String>> flags,
    List<String> arguments,
    boolean help,
    boolean version) {
  private static final List<String> FLAGS_WITHOUT_VALUE =
      List.of("-h", "--help", "-v", "--version");

  /** The commands by their names. */
  enum Command {
    INIT,
    OVERRIDE,
    RUN_TASK;

    String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** The flags, each with the variable that stands in for it and the commands that know it. */
  enum Flag {
    SHUTDOWN_DELAY,
    LOG_FORMAT,
    TERMINATION_GRACE_PERIOD,
    HEALTH_CHECK_ADDR,
    SIGNAL_POLICY,
    STOP_SIGNAL,
    CONFIG,
    ENTRYPOINT;

    String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    String variable() {
      return "CIRCLECI_GOAT_" + name();
    }

    boolean isOf(Command command) {
      return switch (this) {
        case SHUTDOWN_DELAY, LOG_FORMAT -> true;
        case ENTRYPOINT -> command == Command.OVERRIDE;
        case TERMINATION_GRACE_PERIOD, HEALTH_CHECK_ADDR, SIGNAL_POLICY, STOP_SIGNAL, CONFIG ->
            command != Command.INIT;
      };
    }
  }

  static CommandLine parse(List<String> words) throws UsageException {
    org.apache.commons.cli.CommandLine parsed = parseWords(words);
    List<String> arguments = new ArrayList<>(parsed.getArgList());
    Optional<Command> command = Optional.empty();
    for (Command each : Command.values()) {
      if (command.isEmpty() && !arguments.isEmpty() && arguments.getFirst().equals(each.word())) {
        command = Optional.of(each);
        arguments.removeFirst();
      }
    }
    Map<Flag, List<String>> flags = new EnumMap<>(Flag.class);
    for (Flag flag : Flag.values()) {
      String[] values = parsed.getOptionValues(flag.word());
      if (values != null) {
        flags.put(flag, List.of(values));
      }
    }
    CommandLine line =
        new CommandLine(
            command, flags, arguments, parsed.hasOption("help"), parsed.hasOption("version"));
    line.check();
    return line;
  }

  private void check() throws UsageException {
    Command meant = command.orElse(Command.INIT);
    for (Flag flag : flags.keySet()) {
      if (!flag.isOf(meant)) {
        throw unknownFlag("--" + flag.word());
      }
    }
    int allowed = meant == Command.INIT ? 2 : 0;
    if (arguments.size() > allowed) {
      throw UsageException.ofCommandLine("unexpected argument " + arguments.get(allowed));
    }
    // Without "init", what is no path can only be a command that there is not.
    if (command.isEmpty() && !arguments.isEmpty() && !looksLikePath(arguments.getFirst())) {
      String word = arguments.getFirst();
      throw UsageException.ofCommandLine(
          "unknown command " + word + suggestion(word, List.of("init", "override", "run-task")));
    }
  }

  private static boolean looksLikePath(String word) {
    return word.contains("/") || word.startsWith(".") || word.startsWith("~");
  }

  private static org.apache.commons.cli.CommandLine parseWords(List<String> words)
      throws UsageException {
    for (String word : words) {
      if (word.equals("--")) {
        break;
      }
      // The library would take a long name with one dash, and its value right after it.
      if (word.length() > 1
          && word.startsWith("-")
          && !word.startsWith("--")
          && !word.chars().skip(1).allMatch(c -> c == 'h' || c == 'v')) {
        throw unknownFlag(word);
      }
    }
    Options options = new Options();
    options.addOption(Option.builder("h").longOpt("help").get());
    options.addOption(Option.builder("v").longOpt("version").get());
    for (Flag flag : Flag.values()) {
      options.addOption(Option.builder().longOpt(flag.word()).hasArg().get());
    }
    DefaultParser parser =
        DefaultParser.builder()
            .setAllowPartialMatching(false)
            .setStripLeadingAndTrailingQuotes(false)
            .get();
    try {
      return parser.parse(options, words.toArray(String[]::new));
    } catch (UnrecognizedOptionException e) {
      throw unknownFlag(e.getOption());
    } catch (MissingArgumentException e) {
      throw UsageException.ofCommandLine("missing value for flag --" + e.getOption().getLongOpt());
    } catch (ParseException e) {
      throw UsageException.ofCommandLine(Objects.toString(e.getMessage()));
    }
  }

  private static UsageException unknownFlag(String word) {
    // The value may be a secret that was meant for another flag.
    int equals = word.indexOf('=');
    String flag = equals < 0 ? word : word.substring(0, equals);
    if (equals >= 0 && FLAGS_WITHOUT_VALUE.contains(flag)) {
      return UsageException.ofCommandLine("flag " + flag + " takes no value");
    }
    List<String> known = new ArrayList<>(List.of("--help", "--version"));
    for (Flag candidate : Flag.values()) {
      if (candidate != Flag.CONFIG) {
        known.add("--" + candidate.word());
      }
    }
    return UsageException.ofCommandLine("unknown flag " + flag + suggestion(flag, known));
  }

  /** {@code ", did you mean …?"}, or nothing when no word comes close. */
  private static String suggestion(String word, List<String> known) {
    String best = "";
    int bestDistance = Math.clamp(word.length() / 3, 1, 3) + 1;
    for (String candidate : known) {
      int distance = distance(word, candidate);
      if (distance > 0 && distance < bestDistance) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return best.isEmpty() ? "" : ", did you mean " + best + "?";
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, Math.min(previous[j], row[j - 1]) + 1);
      }
      previous = row;
    }
    return previous[b.length()];
  }
}
