package com.circleci.runnerinit.health;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The program's figures since its start, and their page in Prometheus' text format.
 *
 * <p>The only class that touches the metrics library, which takes longer to load than the whole
 * program takes to start: it must stay out of reach until the first scrape.
 *
 * @param phase such as {@code running}
 * @param signalsForwarded by names such as {@code SIGTERM}
 * @param buildDate in RFC 3339
 */
public record Metrics(
    String phase,
    int childrenRunning,
    long orphansReaped,
    Map<String, Long> signalsForwarded,
    Map<ApiCall, Long> apiCalls,
    Duration uptime,
    String version,
    String buildDate) {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  /** A path such as {@code /api/v3/runner/unclaim}, and {@code success} or {@code error}. */
  public record ApiCall(String route, String result) {}

  public Metrics {
    signalsForwarded = Map.copyOf(signalsForwarded);
    apiCalls = Map.copyOf(apiCalls);
  }

  String text() {
    Map<Labels, Long> signals = new HashMap<>();
    signalsForwarded.forEach((signal, count) -> signals.put(Labels.of("signal", signal), count));
    Map<Labels, Long> calls = new HashMap<>();
    apiCalls.forEach((call, count) ->
        calls.put(Labels.of("route", call.route(), "result", call.result()), count));
    Labels build = Labels.of("version", version, "build_date", buildDate);
    MetricSnapshots snapshots =
        MetricSnapshots.of(
            gauge("phase", "The phase that the orchestrator is in.", 1, "phase", phase),
            gauge(
                "children_running",
                "Child processes that were started and have not ended.",
                childrenRunning),
            counter(
                "orphans_reaped",
                "Adopted processes whose exit was collected.",
                Map.of(Labels.EMPTY, orphansReaped)),
            counter("signals_forwarded", "Signals passed on to children, by signal.", signals),
            counter("api_calls", "Calls to the runner API, by route and result.", calls),
            gauge("uptime_seconds", "Time since the orchestrator started.", uptime.toNanos() / 1e9),
            new InfoSnapshot(
                metadata("build", "The build that is running."),
                List.of(new InfoDataPointSnapshot(build))));
    return PrometheusTextFormatWriter.create().toDebugString(snapshots);
  }

  private static MetricMetadata metadata(String name, String help) {
    return new MetricMetadata("runner_init_" + name, help);
  }

  private static GaugeSnapshot gauge(String name, String help, double value, String... labels) {
    return new GaugeSnapshot(
        metadata(name, help),
        List.of(GaugeDataPointSnapshot.builder().value(value).labels(Labels.of(labels)).build()));
  }

  private static CounterSnapshot counter(String name, String help, Map<Labels, Long> counts) {
    List<CounterDataPointSnapshot> points = new ArrayList<>();
    counts.forEach((labels, count) ->
        points.add(CounterDataPointSnapshot.builder().value(count).labels(labels).build()));
    return new CounterSnapshot(metadata(name, help), points);
  }
}
