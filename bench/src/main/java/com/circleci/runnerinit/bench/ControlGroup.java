package com.circleci.runnerinit.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/** A container's control groups, of version 1 or 2, for one run: so that no quota is used up. */
final class ControlGroup implements AutoCloseable {
  private static final Path MOUNT = Path.of("/sys/fs/cgroup");
  private static final List<String> CONTROLLERS = List.of("cpu", "cpuacct", "memory", "pids");
  private static final int PERIOD_MICROSECONDS = 100_000;
  private static final AtomicLong COUNT = new AtomicLong();

  private static final String PREFIX = "runner-init-bench-";

  private final String name =
      PREFIX + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
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

  /** What earlier benchmarks have left that were cut off. */
  static void removeAbandoned() {
    for (var parent :
        Stream.concat(Stream.of(MOUNT), present().stream().map(MOUNT::resolve)).toList()) {
      try (var groups = Files.newDirectoryStream(parent, PREFIX + "*")) {
        for (var group : groups) {
          var pid =
              group.getFileName().toString().substring(PREFIX.length()).replaceFirst("-.*", "");
          if (!Files.exists(Path.of("/proc", pid))) {
            Files.deleteIfExists(group);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** As much of one CPU in each 100 ms, and as much memory. */
  static ControlGroup limited(double cpus, long bytes) {
    var group = unlimited();
    var quota = Math.round(cpus * PERIOD_MICROSECONDS);
    if (version() == 2) {
      enableControllers();
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

  /** So that new groups have their files. */
  private static void enableControllers() {
    try {
      Files.writeString(MOUNT.resolve("cgroup.subtree_control"), "+cpu +memory");
    } catch (IOException e) {
      throw new BenchException("can't limit CPU and memory of control groups: " + e.getMessage());
    }
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
