package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.ProcessView;
import org.junit.jupiter.api.Test;

/** What the harness sees to in every test is shown here to be seen to. */
@InAContainer
class SecretsTest {

  @Test
  void shouldWipeTheConfigurationFromItsOwnEnvironment(Scenario given) {
    given.environment("KEPT", "kept");
    given.agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/started");

    var environment = container.orchestrator().environment();

    assertThat(environment)
        .doesNotContain(given.token())
        .doesNotContain("allocation-1")
        .doesNotContain("runner_api_base_url");
    given.root().file("/out/end", "");
    assertThat(container.exitCode()).isZero();
  }

  /** PR_SET_DUMPABLE also keeps it out of core dumps: prctl(2). */
  @Test
  void shouldKeepItsMemoryFromItsOwnUser(Scenario given) throws Exception {
    given.asUser("1001:1001", "");
    given.agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/started");

    assertThat(canRead("1001:1001", container.living("circleci-agent").getFirst())).isTrue();
    assertThat(canRead("1001:1001", container.orchestrator())).isFalse();
    given.root().file("/out/end", "");
    assertThat(container.exitCode()).isZero();
  }

  private static boolean canRead(String user, ProcessView process) throws Exception {
    var file = "/proc/%d/environ".formatted(process.pid());
    var cat =
        new ProcessBuilder(
            "/usr/sbin/chroot", "--userspec=" + user, "--groups=", "/", "/bin/cat", file);
    return cat.redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }

  @Test
  void shouldNotShowTheTokenInMetricsOrHealth(Scenario given) {
    given.agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/started");

    assertThat(container.probe().get("/metrics").body()).doesNotContain(given.token());
    assertThat(container.probe().get("/ready").body()).doesNotContain(given.token());
    given.root().file("/out/end", "");
    assertThat(container.exitCode()).isZero();
  }

  @Test
  void shouldNotShowTheTokenWhenTheReportFails(Scenario given) {
    given.apiBaseUrl("http://127.0.0.1:1/" + "path");
    given.agent("exit=1");

    var container = given.runTask();

    assertThat(container.exitCode()).isOne();
    assertThat(container.stdout().text()).doesNotContain(given.token());
  }
}
