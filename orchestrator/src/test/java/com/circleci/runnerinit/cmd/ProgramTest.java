package com.circleci.runnerinit.cmd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.SimulatedKernel;
import com.circleci.runnerinit.task.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgramTest {
  private static final Path HELP =
      Path.of(System.getProperty("basedir", "."), "../acceptance/src/test/resources/help");

  private final SimulatedKernel kernel = new SimulatedKernel().variable("HOME", "/root");

  @ParameterizedTest
  @CsvSource({
    "--help, orchestrator",
    "-h, orchestrator",
    "init --help, init",
    "override -h, override",
    "run-task --help, run-task"
  })
  void shouldExplainEachCommand(String words, String page) throws IOException {
    assertThat(run("/orchestrator", words.split(" ", -1))).isEqualTo(ExitCode.HANDLED);
    assertThat(kernel.standardOutput()).isEqualTo(Files.readString(HELP.resolve(page + ".txt")));
    assertThat(kernel.standardError()).isEmpty();
  }

  @Test
  void shouldSayItsVersion() {
    assertThat(run("/goat", "--version")).isEqualTo(ExitCode.HANDLED);
    assertThat(kernel.standardOutput()).matches("runner-init version \\S+ \\(built \\S.*\\)\n");
  }

  @Test
  void shouldSayOnOneLineWhatIsWrongWithTheCommandLine() {
    assertThat(run("/bin/goat", "--bo\ngus")).isEqualTo(ExitCode.USAGE);
    assertThat(kernel.standardError())
        .isEqualTo("goat: error: unknown flag --bo\\ngus (see goat --help)\n");
    assertThat(kernel.standardOutput()).isEmpty();
  }

  @Test
  void shouldShowThatBytesAreNoText() {
    assertThat(run("/goat", "init", "/a", "/b", "caf\udce9")).isEqualTo(ExitCode.USAGE);
    assertThat(kernel.standardError())
        .isEqualTo("goat: error: unexpected argument caf\ufffd (see goat --help)\n");
  }

  @Test
  void shouldNotPointToTheHelpWhenAVariableIsWrong() {
    kernel.variable("CIRCLECI_GOAT_LOG_FORMAT", "xml");

    assertThat(run("/goat", "init")).isEqualTo(ExitCode.FAILED);
    assertThat(kernel.standardError())
        .isEqualTo(
            "goat: error: CIRCLECI_GOAT_LOG_FORMAT: expected text or json, but got \"xml\"\n");
  }

  @Test
  void shouldInstallWhereTheBytesOfTheArgumentsSay() {
    kernel.file("/s/orchestrator", "o").file("/s/circleci-agent", "a");

    assertThat(run("/goat", "init", "x/.././/s/.", "../d/caf\udce9")).isEqualTo(ExitCode.HANDLED);

    assertThat(kernel.text("/d/caf\udce9/orchestrator")).contains("o");
    assertThat(kernel.linkTarget("/d/caf\udce9/circleci")).contains("/d/caf\udce9/circleci-agent");
    assertThat(kernel.standardOutput()).contains("starting orchestrator");
  }

  @Test
  void shouldSayWhyItCannotInstall() {
    assertThat(run("/goat", "init", "../../none", "d")).isEqualTo(ExitCode.FAILED);
    assertThat(kernel.standardError())
        .isEqualTo("goat: error: open /none/orchestrator: no such file or directory\n");
    assertThat(kernel.standardOutput()).contains("orchestrator: init error=open /none/");
  }

  @Test
  void shouldBecomeTheInitWithItsArgumentsBeforeItsOwnCommandLine() {
    kernel.variable("CIRCLECI_GOAT_CONFIG", "{}").variable("A", "caf\udce9");
    kernel.executable("/bin/init");

    assertExecutes(
        "execute /bin/init [/bin/init, -g, \udcff, /opt/goat, run-task, --shutdown-delay=1s]"
            + " [HOME=/root, CIRCLECI_GOAT_CONFIG={}, A=caf\udce9]",
        "/opt/goat",
        "--entrypoint=/bin/init,-g,\udcff,",
        "--shutdown-delay=1s");
    assertThat(kernel.standardOutput()).contains("override-entrypoint app.entrypoint=");
  }

  @Test
  void shouldFindTheInitInThePathAndHandOverAConfigurationWhereNoProcessListShowsIt() {
    kernel.variable("PATH", "/none:/sbin").variable("CIRCLECI_GOAT_CONFIG", "[]");
    kernel.executable("/sbin/tini");

    assertExecutes(
        "execute /sbin/tini [tini, /goat, run-task] [HOME=/root, PATH=/none:/sbin, CIRCLECI_GOAT_CONFIG={}]",
        "/goat",
        "--entrypoint=tini",
        "--config={}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tini|exec: \"tini\": executable file not found in $PATH",
        "/tini|exec /tini: no such file or directory",
        "/plain|exec /plain: permission denied",
      })
  void shouldSayThatTheInitCannotBeStarted(String program, String reason) {
    kernel.variable("CIRCLECI_GOAT_CONFIG", "{}").file("/plain", "");

    assertThat(run("/goat", "override", "--entrypoint=" + program)).isEqualTo(ExitCode.FAILED);
    assertThat(kernel.standardError()).isEqualTo("goat: error: " + reason + "\n");
    assertThat(kernel.standardOutput()).contains("override-entrypoint error=");
  }

  @Test
  void shouldNameItselfAsTheKernelDoes() {
    kernel.link("/proc/self/exe", "/real/goat").executable("/real/goat");

    assertNamesItself("/real/goat", "./goat");
  }

  @ParameterizedTest
  @CsvSource({
    "./bin/goat, /bin/goat",
    "/opt/../usr//bin/./goat, /usr/bin/goat",
    "../../../goat, /goat",
    "goat, /found/goat"
  })
  void shouldNameItselfByItsArgumentWhereProcTellsNothingOfUse(String path, String absolute) {
    kernel.variable("PATH", "/found").executable("/found/goat");
    // As Linux shows a file that another was renamed over.
    kernel.link("/proc/self/exe", "/opt/circleci/bin/orchestrator (deleted)");

    assertNamesItself(absolute, path);
  }

  @Test
  void shouldHandOverThoughNobodyReadsItsLog() {
    kernel.closeOutput();

    assertNamesItself("/goat", "/goat");
  }

  private void assertNamesItself(String expected, String path) {
    kernel.variable("CIRCLECI_GOAT_CONFIG", "{}").executable("/init");

    assertThatThrownBy(() -> run(path, "override", "--entrypoint=/init"))
        .isInstanceOf(SimulatedKernel.Executed.class);
    assertThat(kernel.trace().getLast())
        .startsWith("execute /init [/init, " + expected + ", run-task]");
  }

  private void assertExecutes(String expected, String path, String... flags) {
    assertThatThrownBy(
            () -> {
              List<String> words = new java.util.ArrayList<>(List.of("override"));
              words.addAll(List.of(flags));
              program(path).run(words);
            })
        .isInstanceOf(SimulatedKernel.Executed.class);
    assertThat(kernel.trace()).endsWith(expected);
  }

  private Program program(String path) {
    return new Program(Kernel.of(kernel), path);
  }

  private ExitCode run(String path, String... words) {
    return program(path).run(List.of(words));
  }
}
