package com.circleci.runnerinit.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A container's control groups, of version 1 or 2, for one run: so that no quota is used up. */
final class ControlGroup implements AutoCloseable {
  private static final Path MOUNT = Path.of("/sys/fs/cgroup");
  private static final List<String> CONTROLLERS = List.of("cpu", "cpuacct", "memory", "pids");
  private static final int PERIOD_MICROSECONDS = 100_000;

  private final String name = "runner-init-bench-" + UUID.randomUUID();
  private final List<String> controllers;

  private ControlGroup(List<String> controllers) {
    this.controllers = controllers;
    controllers.forEach(controller -> make(path(controller)));
  }

  static int version() {
    return Files.exists(MOUNT.resolve("cgroup.controllers")) ? 2 : 1;
  }

  static ControlGroup unlimited() {
    return new ControlGroup(version() == 2 ? List.of("unified") : present());
  }

  /** As much of one CPU in each 100 ms, and as much memory. */
  static ControlGroup limited(double cpus, long bytes) {
    var group = unlimited();
    var quota = Math.round(cpus * PERIOD_MICROSECONDS);
    if (version() == 2) {
      group.write("unified", "cpu.max", quota + " " + PERIOD_MICROSECONDS);
      group.write("unified", "memory.max", Long.toString(bytes));
    } else {
      group.write("cpu", "cpu.cfs_period_us", Integer.toString(PERIOD_MICROSECONDS));
      group.write("cpu", "cpu.cfs_quota_us", Long.toString(quota));
      group.write("memory", "memory.limit_in_bytes", Long.toString(bytes));
    }
    return group;
  }

  /** For the measuring program. */
  List<String> options() {
    var options = new ArrayList<String>();
    for (var controller : controllers) {
      options.add("--group");
      options.add(controller + "=" + path(controller));
    }
    return options;
  }

  /** A group is busy for a moment after its last process has ended. */
  @Override
  public void close() {
    var limit = System.nanoTime() + 5_000_000_000L;
    for (var controller : controllers) {
      while (!path(controller).toFile().delete()) {
        if (System.nanoTime() > limit) {
          throw new BenchException("can't remove " + path(controller));
        }
        Thread.onSpinWait();
      }
    }
  }

  private Path path(String controller) {
    return (controller.equals("unified") ? MOUNT : MOUNT.resolve(controller)).resolve(name);
  }

  private static List<String> present() {
    return CONTROLLERS.stream().filter(it -> Files.isDirectory(MOUNT.resolve(it))).toList();
  }

  private static void make(Path path) {
    try {
      Files.createDirectory(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write(String controller, String file, String text) {
    try {
      Files.writeString(path(controller).resolve(file), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
