package com.circleci.runnerinit.acceptance.harness;

import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Machine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A container's own control groups, as a container runtime makes them: of version 1 one in each
 * hierarchy, of version 2 one below its Pod's, with a namespace of its own. They are shown to it
 * read-only, unless told otherwise.
 */
public final class ControlGroups implements AutoCloseable {
  private static final Path MOUNT = Path.of("/sys/fs/cgroup");
  private static final String BELOW = "+memory +cpu +pids";
  private static final List<String> CONTROLLERS = List.of("memory", "cpu", "cpuacct", "pids");

  private final Machine machine = Machine.current();
  private final String name = "runner-init-test-" + UUID.randomUUID();
  private final boolean unified = machine.names(MOUNT).contains("cgroup.controllers");
  private final List<Path> made = new ArrayList<>();
  private Optional<String> home = Optional.empty();
  private boolean writable;

  ControlGroups() {
    if (unified) {
      make(pod());
      make(group("memory"));
      delegate(pod());
      // What nodes of Kubernetes have, unless they are told otherwise.
      if (machine.names(group("memory")).contains("memory.swap.max")) {
        set("memory.swap.max", "0");
      }
    } else {
      CONTROLLERS.forEach(controller -> make(group(controller)));
    }
  }

  /** The container's limit of the memory, in bytes. */
  public ControlGroups limitMemory(long bytes) {
    return set(unified ? "memory.max" : "memory.limit_in_bytes", Long.toString(bytes));
  }

  /** The container's limit of the threads of all its processes. */
  public ControlGroups limitThreads(int count) {
    return set("pids.max", Integer.toString(count));
  }

  /** The Pod's limit of the memory, in bytes. Version 2 only, as all that follows. */
  public ControlGroups limitMemoryOfThePod(long bytes) {
    machine.write(pod().resolve("memory.max"), Long.toString(bytes));
    return this;
  }

  /** A file of the container's group, or of one below. */
  public ControlGroups set(String file, String value) {
    machine.write(group(file.substring(0, Math.max(0, file.indexOf('.')))).resolve(file), value);
    return this;
  }

  public String read(String file) {
    return machine
        .read(group("memory").resolve(file))
        .orElseThrow(() -> new AssertionError(file + " can't be read"));
  }

  /** Whether the kernel tells the most memory that was in use. */
  public boolean countsPeak() {
    return machine
        .names(group("memory"))
        .contains(unified ? "memory.peak" : "memory.max_usage_in_bytes");
  }

  /** A group below the container's. */
  public ControlGroups below(String name) {
    make(group("memory").resolve(name));
    return this;
  }

  /**
   * The first process begins in a group below the container's, as docker-in-docker does, so that
   * from then on such groups can have limits.
   */
  public ControlGroups beginIn(String name) {
    home = Optional.of(name);
    return below(name);
  }

  /** The container may change its groups. */
  public ControlGroups writable() {
    writable = true;
    return this;
  }

  /** Lines of shell that make a process a member of the groups, and show them to it. */
  List<String> enter(RootFolder root) {
    var lines = new ArrayList<String>();
    var mode = writable ? "rw" : "ro";
    if (unified) {
      var at = root.folder(MOUNT.toString()).path(MOUNT.toString());
      lines.add("echo 0 > %s/cgroup.procs".formatted(group("memory")));
      var inside = "/bin/mount -t cgroup2 -o %s cgroup2 %s".formatted(mode, at);
      // The namespace begins at the container's group, wherever the process goes then.
      inside +=
          home.map(it ->
                  "; echo 0 > %1$s/%2$s/cgroup.procs; echo %3$s > %1$s/cgroup.subtree_control"
                      .formatted(group("memory"), it, BELOW))
              .orElse("");
      lines.add(
          "set -- /usr/bin/unshare --cgroup /bin/sh -e -c '%s; exec \"$@\"' sh \"$@\""
              .formatted(inside));
      return lines;
    }
    for (var controller : CONTROLLERS) {
      var at = MOUNT.resolve(controller).toString();
      root.folder(at);
      lines.add("echo 0 > %s/cgroup.procs".formatted(group(controller)));
      lines.add("/bin/mount --bind %s '%s'".formatted(group(controller), root.path(at)));
      lines.add("/bin/mount -o remount,bind,%s '%s'".formatted(mode, root.path(at)));
    }
    return lines;
  }

  /** A group is busy for a moment after its last process has ended. */
  @Override
  public void close() {
    for (var group : made.reversed()) {
      Await.until("no process in " + group, () -> machine.removeFolder(group));
    }
  }

  private void make(Path group) {
    machine.makeFolder(group);
    made.add(group);
  }

  /** Lets the groups below have limits of their own. */
  private void delegate(Path group) {
    machine.write(group.resolve("cgroup.subtree_control"), BELOW);
  }

  private Path pod() {
    return MOUNT.resolve(name);
  }

  private Path group(String controller) {
    return unified ? pod().resolve("container") : MOUNT.resolve(controller).resolve(name);
  }
}
