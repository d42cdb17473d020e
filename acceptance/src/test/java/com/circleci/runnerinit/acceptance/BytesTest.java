package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Command;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Arguments, variables and paths are bytes, which need not be UTF-8. */
@InAContainer
class BytesTest {
  private static final String INIT = "/sbin/my-init";

  /** é in Latin-1, as printf(1) has it and as {@code RootFolder.bytes} gives it back. */
  private static final String OCTAL = "\\351";

  private static final String CHARACTER = "\u00e9";

  @Test
  void shouldLeaveThePathOfTheAgentAsItIs(Scenario given) {
    given.prepare("export PATH=$(printf '/usr/bin:/caf%s')".formatted(OCTAL));
    given.agent("report=/out/report");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().bytes("/out/report"))
        .contains("\"PATH=/usr/bin:/caf" + CHARACTER + ":/opt/circleci/bin\"");
  }

  @Test
  void shouldCopyIntoTheFolderThatIsNamed(Scenario given) {
    given.root().program("/orchestrator", Executables.orchestrator());
    given.root().file("/image/orchestrator", "o").file("/image/circleci-agent", "a");
    given.prepare("set -- \"$@\" \"$(printf '/volume/%s')\"".formatted(OCTAL));

    assertThat(given.execute("/orchestrator", "init", "/image").exitCode()).isZero();

    Command.succeed(
        "/bin/sh",
        "-e",
        "-c",
        """
        cd '%1$s/volume'
        test "$(ls)" = "$(printf '%2$s')"
        test "$(readlink */circleci)" = "$(printf '/volume/%2$s/circleci-agent')"
        """
            .formatted(given.root(), OCTAL));
  }

  @ParameterizedTest
  @ValueSource(strings = {"set -- \"$@\" --entrypoint=", "export CIRCLECI_GOAT_ENTRYPOINT="})
  void shouldHandTheArgumentsOfTheCustomInitOn(String how, Scenario given) {
    given.prepare(how + "\"$(printf '%s,report=/out/init,print=%s')\"".formatted(INIT, OCTAL));
    given.root().program(INIT, Executables.fakeTaskAgent());
    given.environment("CIRCLECI_GOAT_CONFIG", given.configuration());

    // The orchestrator's own command line, which follows, is no verb of its.
    assertThat(given.run("override").exitCode()).isEqualTo(64);

    assertThat(given.root().bytes("/out/init")).contains("\"print=" + CHARACTER + "\"");
  }

  @Test
  void shouldNameItselfToTheCustomInitByItsPath(Scenario given) {
    given.root().program(INIT, Executables.fakeTaskAgent());
    given.environment("CIRCLECI_GOAT_CONFIG", given.configuration());
    given.installBinaries();
    given.prepare(
        """
        odd=$(printf '%2$s')
        mkdir "%1$s/$odd"
        ln '%1$s%3$s' "%1$s/$odd/orchestrator"
        set -- chroot '%1$s' "/$odd/orchestrator" override --entrypoint=%4$s,report=/out/init,exit=0
        """
            .formatted(given.root(), OCTAL, Scenario.ORCHESTRATOR, INIT));

    assertThat(given.execute().exitCode()).isZero();

    assertThat(given.root().bytes("/out/init"))
        .contains("\"/" + CHARACTER + "/orchestrator\", \"run-task\"");
  }
}
