package com.circleci.runnerinit.cmd;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

  CommandLine {
    requireNonNull(command, "command is null");
    flags = Map.copyOf(flags);
    arguments = List.copyOf(arguments);
  }

  static CommandLine parse(List<String> words) throws UsageException {
    org.apache.commons.cli.CommandLine parsed = parseWords(words);
    List<String> arguments = new ArrayList<>(parsed.getArgList());
    Optional<Command> command =
        arguments.isEmpty() ? Optional.empty() : Command.of(arguments.getFirst());
    command.ifPresent(named -> arguments.removeFirst());

    Map<Flag, List<String>> flags = new java.util.EnumMap<>(Flag.class);
    for (Option option : parsed.getOptions()) {
      Flag.of(option.getLongOpt())
          .ifPresent(
              flag -> flags.computeIfAbsent(flag, _ -> new ArrayList<>()).add(option.getValue("")));
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
          "unknown command "
              + word
              + Spelling.suggestion(word, List.of("init", "override", "run-task")));
    }
  }

  private static boolean looksLikePath(String word) {
    return word.contains("/") || word.startsWith(".") || word.startsWith("~");
  }

  private static org.apache.commons.cli.CommandLine parseWords(List<String> words)
      throws UsageException {
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
      throw UsageException.ofCommandLine(requireNonNull(e.getMessage(), "no message"));
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
    return UsageException.ofCommandLine("unknown flag " + flag + Spelling.suggestion(flag, known));
  }
}
