package com.circleci.runnerinit.task.process;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.nio.charset.StandardCharsets;

/**
 * How likely the kernel is to kill a process when memory is short: proc_pid_oom_score_adj(5). It
 * may be raised without any privilege, but not lowered.
 */
public final class OomScore {
  private static final int MAX = 1000;

  /** A tenth of the memory: more than this process will ever have. */
  private static final int RAISE = 100;

  private static final int FILE_BYTES = 16;

  private final Kernel kernel;

  public OomScore(Kernel kernel) {
    this.kernel = requireNonNull(kernel, "kernel is null");
  }

  /**
   * Lets a child, and what it will fork, go before this process does. The kernel does not let this
   * process's own file be written when it forbids dumps, so it is done from here and not by the
   * child.
   */
  public void raise(int child) {
    try {
      byte[] own = kernel.readFile("/proc/self/oom_score_adj", FILE_BYTES);
      int value = Integer.parseInt(new String(own, StandardCharsets.US_ASCII).strip());
      String raised = Integer.toString(Math.min(MAX, value + RAISE));
      kernel.writeFile("/proc/" + child + "/oom_score_adj", raised);
    } catch (KernelException | NumberFormatException e) {
      // No /proc, or a sandbox that forbids it: the child is as likely to go as this process.
    }
  }
}
