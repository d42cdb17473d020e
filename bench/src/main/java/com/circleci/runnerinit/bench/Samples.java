package com.circleci.runnerinit.bench;

import java.util.ArrayList;
import java.util.List;

/** What one contestant needed, run by run. */
final class Samples {
  private final List<Double> values = new ArrayList<>();

  Samples add(double value) {
    values.add(value);
    return this;
  }

  List<Double> values() {
    return List.copyOf(values);
  }

  boolean isEmpty() {
    return values.isEmpty();
  }

  double median() {
    return quantile(0.5);
  }

  double min() {
    return quantile(0);
  }

  double max() {
    return quantile(1);
  }

  double lowerQuartile() {
    return quantile(0.25);
  }

  double upperQuartile() {
    return quantile(0.75);
  }

  /** Between two values, in proportion. */
  private double quantile(double part) {
    var sorted = values.stream().sorted().toList();
    var at = part * (sorted.size() - 1);
    var below = (int) Math.floor(at);
    var above = (int) Math.ceil(at);
    return sorted.get(below) + (at - below) * (sorted.get(above) - sorted.get(below));
  }
}
