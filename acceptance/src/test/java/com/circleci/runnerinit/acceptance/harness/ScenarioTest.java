package com.circleci.runnerinit.acceptance.harness;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Route;
import com.circleci.runnerinit.testing.Signal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Base64;
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
  void shouldSeeANameOfJavaInTheOutput() {
    scenario.root().program("/print", Executables.fakeTaskAgent());
    scenario.execute(
        "/print",
        "print=12:00:00 abcde 0.1ms run-task error=java.lang.Error: x",
        "stderr=orchestrator: error: com.circleci.runnerinit.SomeException: x");
    scenario.container().exitCode();

    assertThatThrownBy(scenario::verify)
        .hasMessageContaining("java.lang.Error")
        .hasMessageContaining("com.circleci.runnerinit.SomeException");
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
  void shouldSeeTheTokenInTheMetrics() throws IOException {
    scenario.root().program(Scenario.ORCHESTRATOR, Executables.fakeTaskAgent()).folder("/out");
    try (var server =
        new ServerSocket(scenario.healthPort(), 1, InetAddress.getLoopbackAddress())) {
      var program = Scenario.ORCHESTRATOR;
      scenario.execute(program, "spawn", program, "wait-file=/out/end");
      try (var scrape = server.accept()) {
        scrape.getOutputStream().write(("phase " + scenario.token()).getBytes(UTF_8));
      }
      scenario.root().file("/out/end", "");
      scenario.container().exitCode();
    }

    assertThatThrownBy(scenario::verify).hasMessageContaining("the token shows in the health API");
  }

  @Test
  void shouldSeeTheTokenInTheTerminationLog() {
    scenario.root().file("/dev/termination-log", "failed for " + scenario.token());

    assertThatThrownBy(scenario::verify)
        .hasMessageContaining("the token shows in the termination log");
  }

  @Test
  void shouldSeeTheTokenInAMessageToTheApi() throws IOException {
    var message = Base64.getEncoder().encodeToString(scenario.token().getBytes(UTF_8));
    var body = "{\"message\":\"" + message + "\"}";
    var request =
        "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(Route.FAIL.path(), body.length(), body);
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), scenario.api().port())) {
      socket.getOutputStream().write(request.getBytes(UTF_8));
      assertThat(socket.getInputStream().read()).isPositive();
    }

    assertThatThrownBy(scenario::verify).hasMessageContaining("the token shows in a call to");
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
