package com.circleci.runnerinit.bench;

import static java.util.Objects.requireNonNull;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a figure must be, and what it is hoped to be.
 *
 * @param yardstick the contestant whose figure is the unit, if it is a ratio
 */
record Goal(Figure figure, Optional<String> yardstick, double must, OptionalDouble aim) {

  /** How a figure stands to its goal. */
  record Verdict(Goal goal, double value, boolean must, Optional<Boolean> aim) {
    String line(String name) {
      return "bench: %s: %s %s%s%s"
          .formatted(
              name,
              goal.figure.meaning(),
              goal.show(value),
              goal.must == Double.MAX_VALUE
                  ? ""
                  : ", must %s: %s".formatted(goal.limit(goal.must), word(must)),
              aim.map(it -> ", aim %s: %s".formatted(goal.limit(goal.aim.orElseThrow()), word(it)))
                  .orElse(""));
    }

    static String word(boolean reached) {
      return reached ? "pass" : "short";
    }
  }

  Goal {
    requireNonNull(figure, "figure is null");
  }

  static Goal of(Figure figure, double must) {
    return new Goal(figure, Optional.empty(), must, OptionalDouble.empty());
  }

  static Goal of(Figure figure, double must, double aim) {
    return new Goal(figure, Optional.empty(), must, OptionalDouble.of(aim));
  }

  Goal times(String contestant) {
    return new Goal(figure, Optional.of(contestant), must, aim);
  }

  /** Nothing if it was not measured. */
  Optional<Verdict> judge(Results results, String contestant) {
    return results
        .median(figure, contestant)
        .flatMap(own ->
            yardstick.isEmpty()
                ? Optional.of(own)
                : results.median(figure, yardstick.get()).map(it -> own / it))
        .map(value ->
            new Verdict(
                this,
                value,
                reaches(value, must),
                aim.isPresent()
                    ? Optional.of(reaches(value, aim.getAsDouble()))
                    : Optional.empty()));
  }

  /** A limit, with its direction. */
  String limit(double value) {
    return (figure.isRate() ? "≥ " : "≤ ") + show(value);
  }

  String show(double value) {
    var number = String.format(Locale.ROOT, "%.2f", value).replaceAll("\\.?0+$", "");
    return yardstick
        .map(it -> number + " × " + it)
        .orElseGet(() -> (number + " " + figure.unit()).strip());
  }

  private boolean reaches(double value, double limit) {
    return figure.isRate() ? value >= limit : value <= limit;
  }
}
