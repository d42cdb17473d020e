package com.circleci.runnerinit.acceptance.harness;

import com.google.errorprone.annotations.FormatMethod;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** Figures for the reader, a line each, which CI repeats at its end. */
public final class Budget {
  private Budget() {}

  /** A line, by {@link String#format}. */
  @FormatMethod
  public static void say(String format, Object... figures) {
    System.out.println("budget: " + String.format(Locale.ROOT, format, figures));
  }

  public static double median(double... values) {
    return DoubleStream.of(values).sorted().skip(values.length / 2).findFirst().orElseThrow();
  }
}
