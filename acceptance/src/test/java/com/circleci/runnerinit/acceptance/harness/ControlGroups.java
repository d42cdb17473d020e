package com.circleci.runnerinit.acceptance.harness;

import com.circleci.runnerinit.testing.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A container's own control groups, in each hierarchy that the host has: what a container runtime
 * makes for a Pod's container with a memory limit.
 */
final class ControlGroups implements AutoCloseable {
  private static final Path MOUNT = Path.of("/sys/fs/cgroup");
  private static final List<String> CONTROLLERS = List.of("memory", "cpu", "cpuacct", "pids");

  private final String name = "runner-init-test-" + UUID.randomUUID();
  private final List<String> hierarchies;

  private ControlGroups(List<String> hierarchies) {
    this.hierarchies = hierarchies;
  }

  /** With a limit of the memory in bytes. */
  static ControlGroups limitedTo(long bytes) {
    return limited("memory", "memory.max", "memory.limit_in_bytes", bytes);
  }

  /** With a limit of the threads of all its processes. */
  static ControlGroups limitedToThreads(int count) {
    return limited("pids", "pids.max", "pids.max", count);
  }

  private static ControlGroups limited(
      String controller, String unifiedFile, String file, long limit) {
    var unified = Files.exists(MOUNT.resolve("cgroup.controllers"));
    var groups = new ControlGroups(unified ? List.of("") : CONTROLLERS);
    try {
      for (var hierarchy : groups.hierarchies) {
        Files.createDirectory(groups.group(hierarchy));
      }
      var path =
          unified ? groups.group("").resolve(unifiedFile) : groups.group(controller).resolve(file);
      Files.writeString(path, Long.toString(limit));
      return groups;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lines of shell that make a process a member of the groups, and show them to it read-only. */
  List<String> enter(RootFolder root) {
    var lines = new ArrayList<String>();
    for (var hierarchy : hierarchies) {
      var group = group(hierarchy);
      var at = MOUNT.resolve(hierarchy).toString();
      root.folder(at);
      lines.add("echo 0 > %s/cgroup.procs".formatted(group));
      lines.add("/bin/mount --bind %s '%s'".formatted(group, root.path(at)));
      lines.add("/bin/mount -o remount,bind,ro '%s'".formatted(root.path(at)));
    }
    return lines;
  }

  /** A group is busy for a moment after its last process has ended. */
  @Override
  public void close() {
    for (var hierarchy : hierarchies) {
      var group = group(hierarchy);
      Await.until("no process in " + group, () -> group.toFile().delete());
    }
  }

  private Path group(String hierarchy) {
    return MOUNT.resolve(hierarchy).resolve(name);
  }
}
