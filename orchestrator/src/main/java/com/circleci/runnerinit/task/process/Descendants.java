package com.circleci.runnerinit.task.process;

import static com.circleci.runnerinit.linux.Signals.SIGKILL;
import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** All processes that descend from this one, wherever setsid(2) or a double fork took them. */
public final class Descendants {
  private static final int EVERYBODY = -1;
  private static final int INIT = 1;
  private static final int STAT_BYTES = 512;

  private final Kernel kernel;
  private final int self;

  public Descendants(Kernel kernel) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    self = kernel.processes().processId();
  }

  /** Whether this process is the init of its PID namespace, to which every orphan comes. */
  public boolean isInit() {
    return self == INIT;
  }

  /**
   * Kills those there are now. To be called until nothing is left to wait for: as a subreaper, one
   * that was forked meanwhile is found only the next time.
   */
  public void kill() {
    if (isInit()) {
      // The kernel walks the whole namespace under a lock: no fork escapes it.
      kernel.processes().kill(EVERYBODY, SIGKILL);
      return;
    }
    Map<Integer, List<Integer>> children = childrenByParent();
    Deque<Integer> parents = new ArrayDeque<>();
    parents.add(self);
    while (!parents.isEmpty()) {
      for (int child : children.getOrDefault(parents.remove(), List.of())) {
        kernel.processes().kill(child, SIGKILL);
        parents.add(child);
      }
    }
  }

  private Map<Integer, List<Integer>> childrenByParent() {
    Map<Integer, List<Integer>> children = new HashMap<>();
    for (String name : processNames()) {
      int parent = parentOf(name);
      if (parent > 0) {
        children.computeIfAbsent(parent, _ -> new ArrayList<>()).add(Integer.parseInt(name));
      }
    }
    return children;
  }

  private List<String> processNames() {
    try {
      return kernel.files().list("/proc").stream().filter(Descendants::isNumber).toList();
    } catch (KernelException e) {
      // No /proc: the process groups have been killed, and the parent-death signal does the rest.
      return List.of();
    }
  }

  private static boolean isNumber(String name) {
    return name.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  /** Field 4 of proc_pid_stat(5), after the name in parentheses, which may hold anything. */
  private int parentOf(String process) {
    try {
      byte[] stat = kernel.files().read("/proc/" + process + "/stat", STAT_BYTES);
      String text = new String(stat, StandardCharsets.ISO_8859_1);
      String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", 3);
      return Integer.parseInt(fields[1]);
    } catch (KernelException | RuntimeException e) {
      // It has ended meanwhile.
      return 0;
    }
  }
}
