package com.circleci.runnerinit.task.process;

import static com.circleci.runnerinit.linux.Signals.SIGKILL;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.ProcessTable;
import com.circleci.runnerinit.linux.Processes;
import com.circleci.runnerinit.linux.Processes.Sent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** All processes that descend from this one, wherever setsid(2) or a double fork took them. */
public final class Descendants {
  private static final int EVERYBODY = -1;
  private static final int INIT = 1;

  private final Kernel kernel;
  private final Processes processes;

  public Descendants(Kernel kernel) {
    this.kernel = kernel;
    this.processes = kernel.processes();
  }

  /** Has every orphan come to this process: as the init of its PID namespace it does anyway. */
  public void adoptOrphans() throws KernelException {
    if (!isInit()) {
      processes.becomeSubreaper();
    }
  }

  private boolean isInit() {
    return processes.processId() == INIT;
  }

  /**
   * Kills those there are now. To be called until nothing is left to wait for: as a subreaper, one
   * that was forked meanwhile is found only the next time.
   */
  public void kill() {
    if (isInit()) {
      // The kernel walks the whole namespace under a lock: no fork escapes it.
      processes.kill(EVERYBODY, SIGKILL);
    } else {
      killEach();
    }
  }

  /**
   * Kills one after the other, to be told which may not be killed: kill(2) of everybody says
   * nothing of that. Where there is no /proc, nobody is found.
   *
   * @return {@code REFUSED} when there are some and none of them may be killed
   */
  public Sent killEach() {
    Sent result = Sent.NOBODY;
    for (int process : find()) {
      Sent sent = processes.kill(process, SIGKILL);
      result = sent == Sent.NOBODY || result == Sent.DELIVERED ? result : sent;
    }
    return result;
  }

  private List<Integer> find() {
    List<ProcessTable.Entry> all = ProcessTable.read(kernel.files());
    List<Integer> found = new ArrayList<>();
    Deque<Integer> parents = new ArrayDeque<>();
    parents.add(processes.processId());
    while (!parents.isEmpty()) {
      int parent = parents.remove();
      for (ProcessTable.Entry process : all) {
        if (process.parent() == parent) {
          found.add(process.id());
          parents.add(process.id());
        }
      }
    }
    return found;
  }
}
