package com.circleci.runnerinit.task.process;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.PreparedSpawn;
import com.circleci.runnerinit.linux.SpawnRequest;

/** Starts children that the kernel is to kill before this process when memory is short. */
public final class Spawner {
  private final Kernel kernel;
  private final OomScore oomScore;

  public Spawner(Kernel kernel, OomScore oomScore) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.oomScore = requireNonNull(oomScore, "oomScore is null");
  }

  /**
   * Returns the child's process id.
   *
   * @param last run when nothing but the kernel can refuse the child any more
   */
  public int spawn(SpawnRequest request, Runnable last) throws KernelException {
    PreparedSpawn child = kernel.processes().prepare(request);
    oomScore.raise();
    try {
      last.run();
      return kernel.processes().spawn(child);
    } finally {
      oomScore.restore();
      kernel.memory().release(child.block());
    }
  }
}
