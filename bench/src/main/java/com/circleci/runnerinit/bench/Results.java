package com.circleci.runnerinit.bench;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** All that was measured. */
final class Results {
  private final Map<Figure, Map<String, Samples>> figures = new EnumMap<>(Figure.class);

  void add(Figure figure, String contestant, double value) {
    figures
        .computeIfAbsent(figure, _ -> new LinkedHashMap<>())
        .computeIfAbsent(contestant, _ -> new Samples())
        .add(value);
  }

  Map<Figure, Map<String, Samples>> figures() {
    return figures;
  }

  Optional<Samples> of(Figure figure, String contestant) {
    return Optional.ofNullable(figures.getOrDefault(figure, Map.of()).get(contestant));
  }

  Optional<Double> median(Figure figure, String contestant) {
    return of(figure, contestant).map(Samples::median);
  }
}
