package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Command;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@InAContainer
@Tag("core")
class InitTest {
  private static final String BINARIES = "/opt/circleci/bin";

  @Test
  void shouldCopyTheBinariesAndLinkTheAgent(Scenario given) {
    source(given);

    init(given, "init", "/image", "/volume/bin");

    assertIsFilled(given, "/volume/bin");
  }

  @Test
  void shouldUseTheDefaultDestinationWhenOnlyTheSourceIsGiven(Scenario given) {
    source(given);

    init(given, "init", "/image");

    assertIsFilled(given, BINARIES);
  }

  @Test
  void shouldBeTheCommandWhenThereIsNone(Scenario given) {
    source(given);

    init(given, "/image", "/volume/bin");

    assertIsFilled(given, "/volume/bin");
  }

  @Test
  void shouldTakeSourceAndDestinationFromTheEnvironment(Scenario given) {
    source(given);
    given.environment("SOURCE", "/image").environment("DESTINATION", "/volume/bin");

    init(given);

    assertIsFilled(given, "/volume/bin");
  }

  @Test
  void shouldTakeTheArgumentsBeforeTheEnvironment(Scenario given) {
    source(given);
    given.environment("SOURCE", "/nowhere").environment("DESTINATION", "/elsewhere");

    init(given, "init", "/image", "/volume/bin");

    assertIsFilled(given, "/volume/bin");
    assertThat(given.root().has("/elsewhere")).isFalse();
  }

  @Test
  void shouldMakeRelativePathsAbsolute(Scenario given) {
    source(given);

    init(given, "init", "image", "./volume/../volume/bin");

    assertIsFilled(given, "/volume/bin");
  }

  @Test
  void shouldExpandTheHomeFolder(Scenario given) {
    source(given);
    given.environment("HOME", "/volume");

    init(given, "init", "/image", "~/bin");

    assertIsFilled(given, "/volume/bin");
  }

  @ParameterizedTest
  @CsvSource({"000", "022", "077", "0777"})
  void shouldKeepThePermissionsOfTheBinariesWhateverTheUmask(String umask, Scenario given) {
    source(given);
    given.prepare("umask " + umask);

    init(given, "init", "/image", "/volume/bin");

    assertIsFilled(given, "/volume/bin");
  }

  /** Else only root could start the orchestrator. */
  @Test
  void shouldMakeFoldersForEverybodyWhateverTheUmask(Scenario given) {
    source(given);
    given.root().folder("/there", "rwx--x---");
    given.prepare("umask 077");

    init(given, "init", "/image", "/there/volume/bin");

    assertThat(given.root().permissions("/there")).isEqualTo("rwx--x---");
    assertThat(given.root().permissions("/there/volume")).isEqualTo("rwxr-xr-x");
    assertThat(given.root().permissions("/there/volume/bin")).isEqualTo("rwxr-xr-x");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwxr-xr-x", "r-xr-xr-x", "rwx------", "rw-r--r--", "rwxrwxrwx"})
  void shouldKeepThePermissionsOfTheSource(String permissions, Scenario given) {
    given.root().program("/orchestrator", Executables.orchestrator());
    given.root().file("/image/orchestrator", "o", permissions);
    given.root().file("/image/circleci-agent", "a", permissions);

    init(given, "init", "/image", "/volume/bin");

    assertThat(given.root().permissions("/volume/bin/orchestrator")).isEqualTo(permissions);
    assertThat(given.root().permissions("/volume/bin/circleci-agent")).isEqualTo(permissions);
  }

  /** A set-user-ID binary in a volume that tasks share would be a way to become root. */
  @Test
  void shouldNotHandOnWhatChangesTheUser(Scenario given) {
    source(given);
    Command.succeed("chmod", "6755", given.root().path("/image/orchestrator").toString());

    init(given, "init", "/image", "/volume/bin");

    Command.succeed(
        "find",
        given.root().path("/volume/bin").toString(),
        "-perm",
        "/7000",
        "-exec",
        "false",
        "{}",
        "+");
  }

  @Test
  void shouldGiveTheSameWhenItRunsAgain(Scenario given) {
    source(given);

    init(given, "init", "/image", "/volume/bin");
    init(given, "init", "/image", "/volume/bin");

    assertIsFilled(given, "/volume/bin");
  }

  @Test
  void shouldReplaceWhateverAnEarlierRunHasLeft(Scenario given) {
    source(given);
    given
        .root()
        .file("/volume/bin/orchestrator", "older and longer than the new one", "---------")
        .file("/volume/bin/circleci-agent", "", "rwxrwxrwx")
        .link("/volume/bin/circleci", "/somewhere/else");

    init(given, "init", "/image", "/volume/bin");

    assertIsFilled(given, "/volume/bin");
  }

  @Test
  void shouldNotWriteThroughALinkThatLiesInItsWay(Scenario given) {
    source(given);
    given.root().file("/precious", "precious").folder("/volume/bin");
    given.root().link("/volume/bin/orchestrator", "/precious");
    given.root().link("/volume/bin/circleci", "/precious");

    init(given, "init", "/image", "/volume/bin");

    assertIsFilled(given, "/volume/bin");
    assertThat(given.root().read("/precious")).isEqualTo("precious");
  }

  @Test
  void shouldReplaceBinariesThatAreRunning(Scenario given) {
    given.root().copy(Scenario.ORCHESTRATOR, Executables.orchestrator());
    given.root().copy(Scenario.TASK_AGENT, Executables.fakeTaskAgent());
    given.agent("touch=/out/started", "wait-file=/out/end", "print=still the old one");
    var task = given.runTask();
    given.root().awaitFile("/out/started");
    source(given);

    init(given, "init", "/image", BINARIES);

    assertIsFilled(given, BINARIES);
    given.root().file("/out/end", "");
    assertThat(task.exitCode()).isZero();
    assertThat(task.stdout().lines()).contains("still the old one");
  }

  @Test
  void shouldLeaveOtherFilesOfTheDestinationAlone(Scenario given) {
    source(given);
    given.root().file("/volume/bin/other", "other");

    init(given, "init", "/image", "/volume/bin");

    assertThat(given.root().names("/volume/bin"))
        .containsExactly("circleci", "circleci-agent", "orchestrator", "other");
  }

  @Test
  void shouldFollowLinksInTheSource(Scenario given) {
    given.root().program("/orchestrator", Executables.orchestrator());
    given.root().file("/store/o", "the orchestrator", "rwxr-xr-x");
    given.root().file("/store/a", "the agent", "rwxr-xr-x").folder("/image");
    given.root().link("/image/orchestrator", "/store/o");
    given.root().link("/image/circleci-agent", "../store/a");

    init(given, "init", "/image", "/volume/bin");

    assertIsFilled(given, "/volume/bin");
  }

  @Test
  void shouldCopyLargeFilesWhole(Scenario given) {
    given.root().program("/orchestrator", Executables.orchestrator());
    given.root().program("/image/orchestrator", Executables.orchestrator());
    given.root().program("/image/circleci-agent", Executables.fakeTaskAgent());

    init(given, "init", "/image", "/volume/bin");

    assertThat(given.root().path("/volume/bin/orchestrator"))
        .hasSameBinaryContentAs(Executables.orchestrator());
    assertThat(given.root().path("/volume/bin/circleci-agent"))
        .hasSameBinaryContentAs(Executables.fakeTaskAgent());
  }

  @Test
  void shouldCopyAcrossFileSystems(Scenario given) {
    given.tmpfs("/volume", "64m");
    given.root().program("/orchestrator", Executables.orchestrator());
    given.root().program("/circleci-agent", Executables.fakeTaskAgent());
    // The volume is only seen inside: that the orchestrator starts from it is the proof.
    var container =
        given
            .prepare(
                "/usr/sbin/chroot '%s' /orchestrator init / /volume/bin".formatted(given.root()))
            .execute("/volume/bin/orchestrator", "--version");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().text()).contains("runner-init version ");
  }

  @Test
  void shouldLogEachFile(Scenario given) {
    source(given);

    given.execute("/orchestrator", "init", "/image", "/volume/bin").exitCode();

    var log = given.container().stdout();
    assertThat(log.events("orchestrator: init: copy"))
        .extracting(line -> line.fields().getOrDefault("app.binary", ""))
        .containsExactlyInAnyOrder("orchestrator", "circleci-agent");
    assertThat(log.events("orchestrator: init: copy"))
        .allSatisfy(line ->
            assertThat(line.fields().toString()).containsPattern("\\bapp\\.bytes=(16|9)\\b"));
    assertThat(log.events("orchestrator: init")).hasSize(1);
  }

  private static void source(Scenario given) {
    if (!given.root().has("/orchestrator")) {
      given.root().program("/orchestrator", Executables.orchestrator());
    }
    given.root().file("/image/orchestrator", "the orchestrator", "rwxr-xr-x");
    given.root().file("/image/circleci-agent", "the agent", "rwxr-xr-x");
  }

  private static void init(Scenario given, String... arguments) {
    var command = new String[arguments.length + 1];
    command[0] = "/orchestrator";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    var container = given.execute(command);
    assertThat(container.exitCode()).isZero();
    assertThat(container.stderr().text()).isEmpty();
  }

  private static void assertIsFilled(Scenario given, String folder) {
    assertThat(given.root().names(folder))
        .containsExactly("circleci", "circleci-agent", "orchestrator");
    assertThat(given.root().read(folder + "/orchestrator")).isEqualTo("the orchestrator");
    assertThat(given.root().read(folder + "/circleci-agent")).isEqualTo("the agent");
    assertThat(given.root().permissions(folder + "/orchestrator")).isEqualTo("rwxr-xr-x");
    assertThat(given.root().permissions(folder + "/circleci-agent")).isEqualTo("rwxr-xr-x");
    assertThat(given.root().linkTarget(folder + "/circleci")).isEqualTo(folder + "/circleci-agent");
  }
}
