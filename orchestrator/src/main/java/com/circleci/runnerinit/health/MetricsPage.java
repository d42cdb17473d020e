package com.circleci.runnerinit.health;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;

/**
 * The figures in Prometheus' text format.
 *
 * <p>The only class that touches the metrics library, which takes longer to load than the whole
 * program takes to start: it must stay out of reach until the first scrape.
 */
final class MetricsPage {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private static final String PREFIX = "runner_init_";
  private static final double NANOS_A_SECOND = 1e9;

  private MetricsPage() {}

  static String text(Metrics metrics) {
    ByteArrayOutputStream text = new ByteArrayOutputStream(2048);
    try {
      PrometheusTextFormatWriter.create().write(text, snapshots(metrics));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString(UTF_8);
  }

  private static MetricSnapshots snapshots(Metrics metrics) {
    return MetricSnapshots.of(
        gauge(
            "phase",
            "The phase that the orchestrator is in.",
            1,
            Labels.of("phase", metrics.phase())),
        gauge(
            "children_running",
            "Child processes that were started and have not ended.",
            metrics.childrenRunning(),
            Labels.EMPTY),
        orphansReaped(metrics.orphansReaped()),
        signalsForwarded(metrics),
        apiCalls(metrics),
        gauge(
            "uptime_seconds",
            "Time since the orchestrator started.",
            seconds(metrics.uptime()),
            Labels.EMPTY),
        buildInfo(metrics));
  }

  private static GaugeSnapshot gauge(String name, String help, double value, Labels labels) {
    return GaugeSnapshot.builder()
        .name(PREFIX + name)
        .help(help)
        .dataPoint(GaugeDataPointSnapshot.builder().value(value).labels(labels).build())
        .build();
  }

  private static CounterSnapshot orphansReaped(long count) {
    return counter("orphans_reaped", "Adopted processes whose exit was collected.")
        .dataPoint(point(count, Labels.EMPTY))
        .build();
  }

  private static CounterSnapshot signalsForwarded(Metrics metrics) {
    CounterSnapshot.Builder counter =
        counter("signals_forwarded", "Signals passed on to children, by signal.");
    metrics
        .signalsForwarded()
        .forEach((signal, count) -> counter.dataPoint(point(count, Labels.of("signal", signal))));
    return counter.build();
  }

  private static CounterSnapshot apiCalls(Metrics metrics) {
    CounterSnapshot.Builder counter =
        counter("api_calls", "Calls to the runner API, by route and result.");
    metrics
        .apiCalls()
        .forEach((call, count) ->
            counter.dataPoint(
                point(count, Labels.of("route", call.route(), "result", call.result()))));
    return counter.build();
  }

  private static CounterSnapshot.Builder counter(String name, String help) {
    return CounterSnapshot.builder().name(PREFIX + name).help(help);
  }

  private static CounterDataPointSnapshot point(long count, Labels labels) {
    return CounterDataPointSnapshot.builder().value((double) count).labels(labels).build();
  }

  private static InfoSnapshot buildInfo(Metrics metrics) {
    Labels labels = Labels.of("version", metrics.version(), "build_date", metrics.buildDate());
    return InfoSnapshot.builder()
        .name(PREFIX + "build")
        .help("The build that is running.")
        .dataPoint(InfoSnapshot.InfoDataPointSnapshot.builder().labels(labels).build())
        .build();
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / NANOS_A_SECOND;
  }
}
