package com.circleci.runnerinit.acceptance.harness;

import com.circleci.runnerinit.testing.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A container's own control groups, in each hierarchy that the host has: what a container runtime
 * makes for a Pod's container with a memory limit.
 */
public final class ControlGroups implements AutoCloseable {
  private static final Path MOUNT = Path.of("/sys/fs/cgroup");
  private static final List<String> CONTROLLERS = List.of("memory", "cpu", "cpuacct", "pids");

  private final String name = "runner-init-test-" + UUID.randomUUID();
  private final List<String> hierarchies;

  private ControlGroups(List<String> hierarchies) {
    this.hierarchies = hierarchies;
  }

  /** With a limit of the memory in bytes. */
  static ControlGroups limitedTo(long bytes) {
    return limited("memory.max", "memory/memory.limit_in_bytes", bytes);
  }

  /** With a limit of the threads of all its processes. */
  static ControlGroups limitedToThreads(int count) {
    return limited("pids.max", "pids/pids.max", count);
  }

  /** In the hierarchy of version 2 that a host of version 1 has for its processes alone. */
  static ControlGroups unifiedWithoutControllers() {
    var groups = new ControlGroups(List.of("unified"));
    groups.make();
    return groups;
  }

  private static ControlGroups limited(String unifiedFile, String file, long limit) {
    var unified = Files.exists(MOUNT.resolve("cgroup.controllers"));
    var groups = new ControlGroups(unified ? List.of("") : CONTROLLERS);
    groups.make();
    groups.write(unified ? unifiedFile : file, Long.toString(limit));
    return groups;
  }

  /** A file of the group, with the controller before it on a host of version 1. */
  public String read(String file) {
    try {
      return Files.readString(resolve(file)).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Lines of shell that make a process a member of the groups, and show them to it.
   *
   * @param root of the container
   * @param options of the mounts, such as {@code ro}
   */
  List<String> enter(RootFolder root, String options) {
    var lines = new ArrayList<String>();
    for (var hierarchy : hierarchies) {
      var group = group(hierarchy);
      var at = hierarchy.equals("unified") ? MOUNT.toString() : MOUNT.resolve(hierarchy).toString();
      root.folder(at);
      lines.add("echo 0 > %s/cgroup.procs".formatted(group));
      lines.add("/bin/mount --bind %s '%s'".formatted(group, root.path(at)));
      lines.add("/bin/mount -o remount,bind,%s '%s'".formatted(options, root.path(at)));
    }
    return lines;
  }

  @Override
  public void close() {
    for (var hierarchy : hierarchies) {
      remove(group(hierarchy));
    }
  }

  private void make() {
    try {
      for (var hierarchy : hierarchies) {
        Files.createDirectory(group(hierarchy));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write(String file, String text) {
    try {
      Files.writeString(resolve(file), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path resolve(String file) {
    var path = Path.of(file);
    return path.getNameCount() > 1 && CONTROLLERS.contains(path.getName(0).toString())
        ? group(path.getName(0).toString()).resolve(path.subpath(1, path.getNameCount()))
        : group(hierarchies.getFirst()).resolve(file);
  }

  private Path group(String hierarchy) {
    return MOUNT.resolve(hierarchy).resolve(name);
  }

  /** A group is busy for a moment after its last process has ended. */
  private static void remove(Path group) {
    try (Stream<Path> below = Files.list(group)) {
      below.filter(Files::isDirectory).forEach(ControlGroups::remove);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Await.until("no process in " + group, () -> group.toFile().delete());
  }
}
