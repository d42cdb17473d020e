package com.circleci.runnerinit.acceptance.harness;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Signal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** That a scenario sees what it says it sees to. */
class ScenarioTest {
  @AutoClose private final Scenario scenario = new Scenario();

  @Test
  void shouldFindNothingWrongWithAnHonestTask() {
    scenario.agent("read-stdin", "print=done");
    assertThat(scenario.runTask().exitCode()).isZero();

    scenario.verify();
  }

  @Test
  void shouldSeeTheTokenInTheOutput() {
    scenario.root().program("/print", Executables.fakeTaskAgent());
    scenario.execute("/print", "print=" + scenario.token(), "stderr=" + scenario.token());
    scenario.container().exitCode();

    assertThatThrownBy(scenario::verify)
        .hasMessageContaining("the token shows on stdout")
        .hasMessageContaining("the token shows on stderr");
  }

  @Test
  void shouldSeeTheTokenOnACommandLineAndInAnEnvironment() {
    scenario.environment("SECRET", scenario.token());
    scenario.agent("wait-file=/out/end", "print=" + scenario.token());
    var container = scenario.runTask();

    Await.until(
        "both leaks",
        () ->
            container
                .violations(scenario.token())
                .toString()
                .matches(".*cmdline.*environ.*|.*environ.*cmdline.*"));
    scenario.root().file("/out/end", "");
    container.exitCode();

    assertThatThrownBy(scenario::verify)
        .hasMessageContaining("/proc/PID/cmdline")
        .hasMessageContaining("/proc/PID/environ");
  }

  @Test
  void shouldSeeAContainerThatStillRuns() {
    scenario.agent("sleep=forever");
    scenario.runTask();

    assertThatThrownBy(scenario::verify).hasMessageContaining("still runs");
  }

  @Test
  void shouldSeeWhatIsLeftToTheInit() {
    scenario.proc().root().program("/init", Executables.fakeTaskAgent()).folder("/out");
    var container =
        scenario.execute(
            "/init", "left-behind=/out/left-behind", "spawn", "/init", "daemon=setsid");
    assertThat(container.exitCode()).isZero();

    assertThatThrownBy(scenario::verify).hasMessageContaining("processes left to the init: 1");
  }

  @Test
  void shouldSeeADeathBySignal() {
    scenario.root().program("/bin/dies", Executables.fakeTaskAgent()).folder("/out");
    var container = scenario.execute("/bin/dies", "touch=/out/started", "sleep=forever");
    scenario.root().awaitFile("/out/started");
    container.signalFirstProcess(Signal.KILL);

    assertThat(container.diedBySignal()).isTrue();
    assertThatThrownBy(scenario::verify).hasMessageContaining("died by a signal");
  }

  @Test
  void shouldSeeWhatIsNoHttp() throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), scenario.api().port())) {
      socket.getOutputStream().write("EHLO\r\n\r\n".getBytes(UTF_8));
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }

    assertThatThrownBy(scenario::verify).hasMessageContaining("malformed request");
  }
}
