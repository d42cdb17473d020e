package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
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
