package com.circleci.runnerinit.task.process;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.WaitResult;
import com.circleci.runnerinit.linux.WaitResult.Reaped;
import java.util.function.Consumer;

/** The one place that waits for children: orphans too, as soon as they end. */
public final class Reaper {
  /** After so many, other events have their turn. */
  private static final int BATCH = 256;

  private final Kernel kernel;

  public Reaper(Kernel kernel) {
    this.kernel = requireNonNull(kernel, "kernel is null");
  }

  /**
   * What became of one go.
   *
   * @param reaped how many children
   * @param left whether there are children left, or may be
   * @param more whether there may be more to reap at once
   */
  public record Batch(int reaped, boolean left, boolean more) {}

  /**
   * Reaps the children that have ended, up to a number of them. Each is handed on at once: a list
   * of them would be garbage by the thousand when a task leaves many orphans.
   */
  public Batch reap(Consumer<Reaped> to) throws KernelException {
    for (int reaped = 0; reaped < BATCH; reaped++) {
      switch (kernel.processes().waitForAnyChild()) {
        case Reaped child -> to.accept(child);
        case WaitResult.AllRunning() -> {
          return new Batch(reaped, true, false);
        }
        case WaitResult.NoChildren() -> {
          return new Batch(reaped, false, false);
        }
      }
    }
    return new Batch(BATCH, true, true);
  }
}
