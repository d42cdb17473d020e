package com.circleci.runnerinit.task.process;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.WaitResult;
import com.circleci.runnerinit.linux.WaitResult.Reaped;
import java.util.ArrayList;
import java.util.List;

/** The one place that waits for children: orphans too, as soon as they end. */
public final class Reaper {
  /** After so many, other events have their turn. */
  private static final int BATCH = 256;

  private final Kernel kernel;

  public Reaper(Kernel kernel) {
    this.kernel = requireNonNull(kernel, "kernel is null");
  }

  /**
   * What was reaped at one go.
   *
   * @param left whether there are children left, or may be
   * @param more whether there may be more to reap at once
   */
  public record Batch(List<Reaped> reaped, boolean left, boolean more) {
    public Batch {
      reaped = List.copyOf(reaped);
    }
  }

  /** Reaps the children that have ended, up to a number of them. */
  public Batch reap() {
    List<Reaped> reaped = new ArrayList<>();
    while (reaped.size() < BATCH) {
      switch (kernel.waitForAnyChild()) {
        case Reaped child -> reaped.add(child);
        case WaitResult.AllRunning() -> {
          return new Batch(reaped, true, false);
        }
        case WaitResult.NoChildren() -> {
          return new Batch(reaped, false, false);
        }
      }
    }
    return new Batch(reaped, true, true);
  }
}
