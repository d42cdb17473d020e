package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Answer;
import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Signal;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The init processes that images really have, as Debian ships them. */
@InAContainer
class DebianInitTest {

  enum Init {
    TINI("/usr/bin/tini", "--"),
    TINI_OF_THE_GROUP("/usr/bin/tini", "-g", "--"),
    DUMB_INIT("/usr/bin/dumb-init", "--"),
    DUMB_INIT_OF_ITS_CHILD("/usr/bin/dumb-init", "--single-child", "--"),
    CATATONIT("/usr/bin/catatonit", "--"),
    SHELL("/bin/sh", "-c", "exec \"$0\" \"$@\"");

    private final Path program;
    private final String entrypoint;

    Init(String program, String... arguments) {
      this.program = Path.of(program);
      entrypoint = program + "," + String.join(",", arguments);
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldReapBelowItAndReport(Init init, Scenario given) {
    given.agent(
        "orphans=20/20ms",
        "daemon=setsid",
        "touch=/out/made",
        "wait-file=/out/end",
        "zombies=3",
        "exit=6");
    var container = override(init, given);
    given.root().awaitFile("/out/made");
    Await.until("no zombies", () -> container.zombies() == 0);
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls(FAIL))
        .singleElement()
        .satisfies(call -> assertThat(call.message()).contains("exit status 6"));
    var end = container.stdout().awaitEvent("run-task").fields();
    assertThat(Integer.parseInt(end.get("app.orphans_reaped"))).isGreaterThanOrEqualTo(20);
  }

  @ParameterizedTest
  @EnumSource
  void shouldDrainWhenItIsStopped(Init init, Scenario given) {
    given.agent("record-signals=/out/signals", "wait-file=/out/end", "print=finished");
    var container = override(init, given);
    given.root().awaitFile("/out/signals");

    container.signalFirstProcess(Signal.TERM);
    container.stdout().awaitEvent("system: shutdown signal received");
    given.root().file("/out/end", "");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().lines()).contains("finished");
    assertThat(given.root().read("/out/signals")).doesNotContain("TERM");
  }

  @ParameterizedTest
  @EnumSource
  void shouldTakeItsFlagsThroughIt(Init init, Scenario given) {
    given.agent(
        "record-signals=/out/signals", "on-term=exit:0", "touch=/out/ready", "sleep=forever");
    var container =
        override(init, given, "--signal-policy=forward", "--termination-grace-period", "1h");
    given.root().awaitFile("/out/ready");

    container.signalFirstProcess(Signal.TERM);

    assertThat(container.exitCode()).isZero();
    assertThat(given.root().read("/out/signals")).contains("TERM");
  }

  @ParameterizedTest
  @EnumSource
  void shouldEndAsTheOrchestratorEnds(Init init, Scenario given) {
    given.agent("exit=6");
    given.api().always(FAIL, Answer.status(404));

    var container = override(init, given);

    assertThat(container.exitCode()).isOne();
    assertThat(container.stderr().text()).contains("was 404 (Not Found)");
  }

  private static Container override(Init init, Scenario given, String... flags) {
    given.proc().root().devices().dynamicProgram(init.program);
    given.environment("CIRCLECI_GOAT_CONFIG", given.configuration());
    given.environment("CIRCLECI_GOAT_ENTRYPOINT", init.entrypoint);
    return given.run("override", flags);
  }
}
