package com.circleci.runnerinit.health;

import java.io.IOException;
import java.io.PrintStream;

/** A program that is probed once, then scraped once, and tells when, or why it couldn't listen. */
final class LazyMetrics {
  static final String PROBED = "-- probed";
  static final String SCRAPED = "-- scraped";

  private LazyMetrics() {}

  public static void main(String[] args) {
    PrintStream out = System.out;
    try (Served served = Served.start(args[0])) {
      served.lines.lines().forEach(out::print);
      served.get("/live");
      served.get("/ready");
      out.println(PROBED);
      served.get("/metrics");
      out.println(SCRAPED);
    } catch (IOException e) {
      out.println(e.getMessage());
    }
  }
}
