package com.circleci.runnerinit.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;

/** An SVG a figure, with the quartiles, and one a curve, both axes in powers of ten. */
final class Plots {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 360;

  private Plots() {}

  static void write(Results results, List<Growth.Curve> curves, Path folder) throws IOException {
    Files.createDirectories(folder);
    for (var figure : results.figures().entrySet()) {
      save(bars(figure.getKey(), figure.getValue()), folder.resolve(figure.getKey().id() + ".svg"));
    }
    for (var curve : curves) {
      save(lines(curve), folder.resolve("growth-" + curve.id() + ".svg"));
    }
  }

  private static Chart<?, ?> bars(Figure figure, Map<String, Samples> contestants) {
    var chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(figure.meaning())
            .yAxisTitle(figure.unit())
            .build();
    chart.getStyler().setLegendVisible(false);
    var medians = new ArrayList<Double>();
    var spreads = new ArrayList<Double>();
    contestants
        .values()
        .forEach(samples -> {
          medians.add(samples.median());
          spreads.add((samples.upperQuartile() - samples.lowerQuartile()) / 2);
        });
    chart.addSeries(figure.id(), new ArrayList<>(contestants.keySet()), medians, spreads);
    return chart;
  }

  private static Chart<?, ?> lines(Growth.Curve curve) {
    var chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(curve.cost())
            .xAxisTitle(curve.work())
            .yAxisTitle(curve.cost())
            .build();
    chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
    curve
        .of()
        .forEach((contestant, points) ->
            chart.addSeries(
                contestant,
                points.keySet().stream().mapToDouble(Long::doubleValue).toArray(),
                points.values().stream().mapToDouble(Samples::median).toArray()));
    return chart;
  }

  /**
   * Letters are outlines with a dozen digits a point: hundredths of a pixel are as good, and half
   * as long.
   */
  private static void save(Chart<?, ?> chart, Path file) throws IOException {
    VectorGraphicsEncoder.saveVectorGraphic(chart, file.toString(), VectorGraphicsFormat.SVG);
    Files.writeString(file, Files.readString(file).replaceAll("(\\.\\d{2})\\d+", "$1"));
  }
}
