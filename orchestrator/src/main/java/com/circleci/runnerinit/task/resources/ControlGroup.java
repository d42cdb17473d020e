package com.circleci.runnerinit.task.resources;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A control group, of either version of cgroups(7), below the usual {@code /sys/fs/cgroup}. What it
 * does not tell is empty.
 */
final class ControlGroup {
  private static final String MOUNT = "/sys/fs/cgroup";
  private static final int FILE_BYTES = 4 * 1024;

  private final Kernel kernel;
  private final Version version;
  private final Membership membership;
  private final String child;

  /** The two versions of cgroups(7). */
  enum Version {
    UNIFIED,
    LEGACY
  }

  private ControlGroup(Kernel kernel, Version version, Membership membership, String child) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.version = requireNonNull(version, "version is null");
    this.membership = requireNonNull(membership, "membership is null");
    this.child = requireNonNull(child, "child is null");
  }

  /** The one of this process: in a container, the container's. */
  static Optional<ControlGroup> own(Kernel kernel) {
    return version(kernel)
        .map(version -> new ControlGroup(kernel, version, membership(kernel), ""));
  }

  private static Optional<Version> version(Kernel kernel) {
    if (kernel.files().exists(MOUNT + "/cgroup.controllers")) {
      return Optional.of(Version.UNIFIED);
    }
    return kernel.files().exists(MOUNT + "/memory")
        ? Optional.of(Version.LEGACY)
        : Optional.empty();
  }

  private static Membership membership(Kernel kernel) {
    try {
      return Membership.parse(text(kernel, "/proc/self/cgroup", FILE_BYTES));
    } catch (KernelException e) {
      return Membership.parse("");
    }
  }

  Version version() {
    return version;
  }

  /** Bytes; empty when there is no limit. */
  OptionalLong memoryLimit() {
    return read(Counter.MEMORY_LIMIT);
  }

  /** Bytes, file cache included. */
  OpenCounter openMemoryInUse() throws KernelException {
    return new OpenCounter(kernel, file(Counter.MEMORY_IN_USE));
  }

  /** Bytes of the memory in use that the kernel gives up before it kills a process. */
  OptionalLong memoryReclaimable() {
    return read(Counter.MEMORY_RECLAIMABLE);
  }

  /** Bytes, file cache included. */
  OptionalLong memoryPeak() {
    return read(Counter.MEMORY_PEAK);
  }

  /** Processes that the kernel killed because the memory was used up. */
  OptionalLong oomKills() {
    return read(Counter.OOM_KILLS);
  }

  Optional<Duration> cpuTime() {
    return duration(Counter.CPU_TIME);
  }

  /** How long its processes had to wait for the CPU limit's next period. */
  Optional<Duration> cpuThrottled() {
    return duration(Counter.CPU_THROTTLED);
  }

  /** Processes and threads at once. */
  OptionalLong processesPeak() {
    return read(Counter.PROCESSES_PEAK);
  }

  private Optional<Duration> duration(Counter counter) {
    OptionalLong value = read(counter);
    ChronoUnit unit = version == Version.UNIFIED ? ChronoUnit.MICROS : ChronoUnit.NANOS;
    return value.isPresent() ? Optional.of(Duration.of(value.getAsLong(), unit)) : Optional.empty();
  }

  private OptionalLong read(Counter counter) {
    try {
      return counter.in(version).find(text(kernel, file(counter), FILE_BYTES));
    } catch (KernelException | OutOfMemoryError e) {
      // No reason to end a task: when memory is short, less is known.
      return OptionalLong.empty();
    }
  }

  private String file(Counter counter) {
    Counter.Source source = counter.in(version);
    return folder(source.controller()) + "/" + source.file();
  }

  /**
   * Where the group's files are. In a container, the mount itself is the group, whatever path the
   * host knows it by; elsewhere it is below.
   */
  private String folder(String controller) {
    String mount = controller.isEmpty() ? MOUNT : MOUNT + "/" + controller;
    String path = membership.path(controller);
    return (path.equals("/") || !kernel.files().exists(mount + path) ? mount : mount + path)
        + child;
  }

  private static String text(Kernel kernel, String file, int limit) throws KernelException {
    return new String(kernel.files().read(file, limit), StandardCharsets.UTF_8);
  }
}
