package com.circleci.runnerinit.cmd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.cmd.CommandLine.Command;
import com.circleci.runnerinit.cmd.CommandLine.Flag;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The completion files know the flags of each command, neither more nor fewer. */
class CompletionTest {
  private static final Path FOLDER = Path.of(System.getProperty("basedir", "."), "../completion");
  private static final Pattern LONG_FLAG = Pattern.compile("--([a-z][a-z-]+)");
  private static final Pattern FISH_FLAG = Pattern.compile(" -l ([a-z-]+)");

  @ParameterizedTest
  @EnumSource
  void shouldCompleteTheFlagsInBash(Command command) throws Exception {
    String script =
        """
        source "$0"
        COMP_WORDS=(orchestrator "$1" --)
        COMP_CWORD=2
        _orchestrator
        printf '%s\\n' "${COMPREPLY[@]}"
        """;
    Process bash =
        new ProcessBuilder(
                "/bin/bash",
                "-c",
                script,
                FOLDER.resolve("orchestrator.bash").toString(),
                command.word())
            .redirectErrorStream(true)
            .start();
    String said = new String(bash.getInputStream().readAllBytes(), UTF_8);

    assertThat(bash.waitFor()).as(said).isZero();
    assertThat(flags(LONG_FLAG, said)).isEqualTo(flagsOf(command));
  }

  @ParameterizedTest
  @EnumSource
  void shouldKnowTheFlagsInZsh(Command command) throws IOException {
    String text = Files.readString(FOLDER.resolve("_orchestrator"));
    Set<String> known = flags(LONG_FLAG, between(text, "  common=(", "\n  )"));
    if (command != Command.INIT) {
      known.addAll(flags(LONG_FLAG, between(text, "  task=(", "\n  )")));
    }
    if (command == Command.OVERRIDE) {
      known.addAll(flags(LONG_FLAG, between(text, "  override=(", ")\n")));
    }

    assertThat(known).isEqualTo(flagsOf(command));
    assertThat(text).contains("(init override run-task)").contains("    " + command.word() + ") ");
  }

  @ParameterizedTest
  @EnumSource
  void shouldKnowTheFlagsInFish(Command command) throws IOException {
    Set<String> known = new TreeSet<>();
    for (String line : Files.readAllLines(FOLDER.resolve("orchestrator.fish"))) {
      boolean applies =
          line.startsWith("complete ")
              && switch (command) {
                case INIT -> !line.contains(" -n ");
                case RUN_TASK -> !line.contains(" -n ") || line.contains(" -n $task");
                case OVERRIDE -> true;
              };
      if (applies) {
        known.addAll(flags(FISH_FLAG, line));
      }
    }

    assertThat(known).isEqualTo(flagsOf(command));
  }

  private static Set<String> flagsOf(Command command) {
    Set<String> words = new TreeSet<>(Set.of("help", "version"));
    for (Flag flag : Flag.values()) {
      if (flag.isOf(command) && flag != Flag.CONFIG) {
        words.add(flag.word());
      }
    }
    return words;
  }

  private static Set<String> flags(Pattern flag, String text) {
    Set<String> words = new TreeSet<>();
    flag.matcher(text).results().forEach(match -> words.add(match.group(1)));
    return words;
  }

  private static String between(String text, String begin, String end) {
    int from = text.indexOf(begin) + begin.length();
    return text.substring(from, text.indexOf(end, from));
  }
}
