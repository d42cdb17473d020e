package com.circleci.runnerinit.task.resources;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.task.resources.ControlGroup.Version;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A control group for the task alone, below the container's, where that is writable. It has a
 * little less memory, so that when the memory is used up the task dies, and not this process, which
 * has to report it.
 */
final class TaskGroup {
  /** What this process needs, a report over TLS included; in bytes. */
  static final long RESERVE = 16L * 1024 * 1024;

  /** The task gets at least seven eighths of a small container. */
  private static final long SMALLEST_SHARE = 8;

  private static final String MEMBERS = "cgroup.procs";
  private static final String INIT = "1";

  /** A process outside of this one's PID namespace. */
  private static final String STRANGER = "0";

  private final ControlGroup group;
  private final int members;

  private TaskGroup(ControlGroup group, int members) {
    this.group = requireNonNull(group, "group is null");
    this.members = members;
  }

  /** Makes one; empty where that is not allowed, or of no use. */
  static Optional<TaskGroup> below(ControlGroup container, Kernel kernel) {
    OptionalLong limit = container.memoryLimit();
    if (container.version() == Version.LEGACY && limit.isEmpty()) {
      return Optional.empty();
    }
    try {
      List<String> processes = container.text(MEMBERS).lines().toList();
      if (!isOfContainer(processes)) {
        return Optional.empty();
      }
      ControlGroup task = container.child("task");
      make(task, kernel);
      if (limit.isPresent()) {
        limit(task, container, processes, kernel, limit.getAsLong());
      }
      return Optional.of(new TaskGroup(task, kernel.openForWriting(task.file(MEMBERS))));
    } catch (KernelException e) {
      // Read-only, or another's: the usual case.
      return Optional.empty();
    }
  }

  /** A group that strangers are in, or the init process is not, is not ours to divide. */
  private static boolean isOfContainer(List<String> processes) {
    return processes.contains(INIT) && !processes.contains(STRANGER);
  }

  private static void make(ControlGroup group, Kernel kernel) throws KernelException {
    try {
      kernel.makeDirectory(group.file(""));
    } catch (KernelException e) {
      if (e.errno() != Errno.EEXIST) {
        throw e;
      }
    }
  }

  private static void limit(
      ControlGroup task,
      ControlGroup container,
      List<String> processes,
      Kernel kernel,
      long limit) {
    try {
      if (container.version() == Version.UNIFIED) {
        delegateMemory(container, processes, kernel);
        // Whether one process dies or all of them is for whoever set up the container to say.
        task.write("memory.oom.group", container.text("memory.oom.group").strip());
      }
      task.limitMemory(limit - Math.min(RESERVE, limit / SMALLEST_SHARE));
    } catch (KernelException e) {
      // The memory controller is not delegated: cgroup.kill is worth having without it.
    }
  }

  /** A group may have processes, or children with controllers, but not both. */
  private static void delegateMemory(ControlGroup container, List<String> processes, Kernel kernel)
      throws KernelException {
    ControlGroup supervisor = container.child("orchestrator");
    make(supervisor, kernel);
    for (String process : processes) {
      supervisor.write(MEMBERS, process);
    }
    container.write("cgroup.subtree_control", "+memory");
  }

  ControlGroup group() {
    return group;
  }

  /** A child that writes 0 into this descriptor becomes a member. */
  int members() {
    return members;
  }

  /** Kills every member at once; none can escape by forking. */
  void kill() {
    try {
      group.write("cgroup.kill", "1");
    } catch (KernelException e) {
      // Version 1, or a kernel before 5.14: the processes are found one by one.
    }
  }
}
