package com.circleci.runnerinit.bench;

import static java.util.Objects.requireNonNull;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** results.json with all samples, and results.md, which is kept with the plots that it shows. */
final class Report {
  private static final List<String> PLOTS =
      List.of(
          "executable",
          "start",
          "exit",
          "resident",
          "init-limited",
          "growth-orphans-time",
          "growth-stderr-cpu",
          "growth-probes-median");

  private final Map<String, String> machine;
  private final Results results;
  private final List<Growth.Curve> curves;
  private final List<String> verdicts;

  Report(
      Map<String, String> machine,
      Results results,
      List<Growth.Curve> curves,
      List<String> verdicts) {
    this.machine = requireNonNull(machine, "machine is null");
    this.results = requireNonNull(results, "results is null");
    this.curves = requireNonNull(curves, "curves is null");
    this.verdicts = requireNonNull(verdicts, "verdicts is null");
  }

  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    var gson = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
    Files.writeString(folder.resolve("results.json"), gson.toJson(json()) + "\n");
    Files.writeString(folder.resolve("results.md"), markdown());
  }

  /** Copies what is kept of a whole run. */
  static void keep(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    var names = new ArrayList<>(PLOTS.stream().map(plot -> plot + ".svg").toList());
    names.add("results.md");
    for (var name : names) {
      // A figure that this machine can't have has no plot.
      if (Files.exists(from.resolve(name))) {
        Files.copy(from.resolve(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private JsonObject json() {
    var json = new JsonObject();
    var about = new JsonObject();
    machine.forEach(about::addProperty);
    json.add("machine", about);
    var figures = new JsonObject();
    results
        .figures()
        .forEach((figure, contestants) -> {
          var one = new JsonObject();
          one.addProperty("meaning", figure.meaning());
          one.addProperty("unit", figure.unit());
          var all = new JsonObject();
          contestants.forEach((name, samples) -> all.add(name, json(samples)));
          one.add("contestants", all);
          figures.add(figure.id(), one);
        });
    json.add("figures", figures);
    var growth = new JsonObject();
    curves.forEach(curve -> {
      var one = new JsonObject();
      one.addProperty("work", curve.work());
      one.addProperty("cost", curve.cost());
      curve
          .of()
          .forEach((name, points) -> {
            var all = new JsonObject();
            points.forEach((amount, it) -> all.add(Long.toString(amount), json(it)));
            one.add(name, all);
          });
      growth.add(curve.id(), one);
    });
    json.add("growth", growth);
    var lines = new JsonArray();
    verdicts.forEach(lines::add);
    json.add("verdicts", lines);
    return json;
  }

  private static JsonObject json(Samples samples) {
    var json = new JsonObject();
    json.addProperty("median", rounded(samples.median()));
    json.addProperty("lowerQuartile", rounded(samples.lowerQuartile()));
    json.addProperty("upperQuartile", rounded(samples.upperQuartile()));
    json.addProperty("min", rounded(samples.min()));
    json.addProperty("max", rounded(samples.max()));
    var values = new JsonArray();
    samples.values().forEach(value -> values.add(rounded(value)));
    json.add("samples", values);
    return json;
  }

  private static double rounded(double value) {
    return Math.round(value * 1e4) / 1e4;
  }

  private String markdown() {
    var names = new LinkedHashSet<String>();
    results.figures().values().forEach(it -> names.addAll(it.keySet()));
    var lines = new ArrayList<String>(List.of("# Results", "", "Written by `./do bench`.", ""));
    lines.add("| machine | |");
    lines.add("|---|---|");
    machine.forEach((name, value) -> lines.add("| %s | %s |".formatted(name, value)));
    lines.addAll(
        List.of(
            "",
            "Median, in brackets the quartiles, and how it stands to tini-static, or to `cp`.",
            ""));
    lines.add("| figure | " + String.join(" | ", names) + " |");
    lines.add("|---" + "|---".repeat(names.size()) + "|");
    results
        .figures()
        .forEach((figure, contestants) ->
            lines.add(
                "| %s%s | %s |"
                    .formatted(
                        figure.meaning(),
                        figure.unit().isEmpty() ? "" : ", " + figure.unit(),
                        String.join(
                            " | ", names.stream().map(it -> cell(contestants, it)).toList()))
                    .replaceAll("\\|  (?=\\|)", "|")));
    lines.add("");
    PLOTS.forEach(plot -> lines.add("![](%s.svg)".formatted(plot)));
    lines.addAll(Fleet.lines(results, Lab.OURS));
    lines.addAll(List.of("", "## Goals not reached", ""));
    verdicts.stream()
        .filter(verdict -> verdict.contains(": short"))
        .map(verdict -> verdict.replace("bench: ours: ", "").replaceAll(", must [^:]*: pass", ""))
        .forEach(verdict -> lines.add("- " + verdict));
    lines.add("");
    return String.join("\n", lines);
  }

  private static String cell(Map<String, Samples> contestants, String name) {
    var samples = contestants.get(name);
    if (samples == null) {
      return "";
    }
    var unit = contestants.getOrDefault("tini-static", contestants.get("cp"));
    return number(samples.median())
        + (samples.values().size() > 1
            ? " (%s–%s)".formatted(number(samples.lowerQuartile()), number(samples.upperQuartile()))
            : "")
        + (unit == null || unit.equals(samples) || unit.median() == 0
            ? ""
            : " %s×".formatted(number(samples.median() / unit.median())));
  }

  /** Three digits that mean something. */
  private static String number(double value) {
    var digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
