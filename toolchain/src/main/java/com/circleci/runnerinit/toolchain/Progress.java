package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;

/** One line for each step of the work, with the time it took. */
final class Progress {
  private final PrintStream out;

  Progress(PrintStream out) {
    this.out = requireNonNull(out, "out is null");
  }

  <T> T step(String what, Callable<T> work) throws Exception {
    long start = System.nanoTime();
    T result = work.call();
    var elapsed = Duration.ofNanos(System.nanoTime() - start);
    out.printf(Locale.ROOT, "toolchain: %s (%.1f s)%n", what, elapsed.toMillis() / 1000.0);
    return result;
  }

  void note(String line) {
    out.println("toolchain: " + line);
  }
}
