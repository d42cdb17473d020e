package com.circleci.runnerinit.health;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MetricsTest {
  private static final Path PROMTOOL = Path.of("/usr/bin/promtool");

  @Test
  void shouldWriteEveryFigure() {
    assertThat(FixedState.METRICS.text())
        .isEqualTo(
            """
            # HELP runner_init_api_calls_total Calls to the runner API, by route and result.
            # TYPE runner_init_api_calls_total counter
            runner_init_api_calls_total{result="error",route="/api/v3/runner/unclaim"} 4.0
            runner_init_api_calls_total{result="success",route="/api/v2/task/event/fail"} 1.0
            # HELP runner_init_build_info The build that is running.
            # TYPE runner_init_build_info gauge
            runner_init_build_info{build_date="2026-11-24T00:00:00Z",version="1.2.3"} 1
            # HELP runner_init_children_running Child processes that were started and have not ended.
            # TYPE runner_init_children_running gauge
            runner_init_children_running 2.0
            # HELP runner_init_orphans_reaped_total Adopted processes whose exit was collected.
            # TYPE runner_init_orphans_reaped_total counter
            runner_init_orphans_reaped_total 3.0
            # HELP runner_init_phase The phase that the orchestrator is in.
            # TYPE runner_init_phase gauge
            runner_init_phase{phase="running"} 1.0
            # HELP runner_init_signals_forwarded_total Signals passed on to children, by signal.
            # TYPE runner_init_signals_forwarded_total counter
            runner_init_signals_forwarded_total{signal="SIGHUP"} 2.0
            runner_init_signals_forwarded_total{signal="SIGUSR1"} 1.0
            # HELP runner_init_uptime_seconds Time since the orchestrator started.
            # TYPE runner_init_uptime_seconds gauge
            runner_init_uptime_seconds 12.345
            """);
  }

  @Test
  void shouldEscapeWhatCouldForgeALine() {
    Metrics metrics =
        new Metrics("a\"\n# x", 0, 0, Map.of(), Map.of(), Duration.ZERO, "1", "never");

    assertThat(metrics.text()).contains("runner_init_phase{phase=\"a\\\"\\n# x\"} 1.0\n");
  }

  @Test
  void shouldPassPrometheusOwnCheck() throws IOException, InterruptedException {
    assertThat(PROMTOOL).as("promtool: ./do install-devtools").isExecutable();
    Process promtool =
        new ProcessBuilder(PROMTOOL.toString(), "check", "metrics")
            .redirectErrorStream(true)
            .start();
    try (var in = promtool.getOutputStream()) {
      in.write(FixedState.METRICS.text().getBytes(UTF_8));
    }
    assertThat(new String(promtool.getInputStream().readAllBytes(), UTF_8)).isEmpty();
    assertThat(promtool.waitFor()).isZero();
  }
}
