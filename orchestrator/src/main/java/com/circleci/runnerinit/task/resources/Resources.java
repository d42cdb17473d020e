package com.circleci.runnerinit.task.resources;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.log.LogEvent;
import com.circleci.runnerinit.task.resources.ControlGroup.Figure;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** The container's resources, from the beginning of a run on. */
public final class Resources {
  private final Kernel kernel;
  private final List<ControlGroup> wayUp;
  private final List<Long> shortagesBefore;
  private final ControlGroup container;
  private final long killsBefore;
  private long cpuBefore;

  /** To be made before the task starts: what is counted then is not the task's. */
  public Resources(Kernel kernel) {
    this.kernel = kernel;
    wayUp = ControlGroup.wayUp(kernel.files());
    shortagesBefore = wayUp.stream().map(Resources::shortages).toList();
    // The root of what is mounted, unless it is the machine's.
    ControlGroup mounted = wayUp.getLast();
    boolean ours = kernel.files().exists(mounted.path(Figure.MEMORY_IN_USE));
    container = ours ? mounted : wayUp.getFirst();
    killsBefore = container.read(Figure.OOM_KILLS).orElse(0);
  }

  /** Begins to measure and to watch: the rest, which the task's start need not wait for. */
  public Optional<MemoryWatch> begin(Consumer<MemoryWatch.Shortage> tell) {
    cpuBefore = container.read(Figure.CPU_TIME).orElse(0);
    return MemoryWatch.begin(kernel, wayUp, tell);
  }

  /** Adds what was used since the beginning to a line, less what can't be read. */
  public void sumUp(LogEvent line) {
    seconds(Figure.CPU_TIME, cpuBefore).ifPresent(time -> line.with("cpu_seconds", time));
    // The container's: it has waited since before it could look.
    seconds(Figure.CPU_THROTTLED, 0).ifPresent(time -> line.with("cpu_throttled_seconds", time));
    container.read(Figure.MEMORY_PEAK).ifPresent(bytes -> line.with("memory_peak_bytes", bytes));
    wayUp.stream()
        .flatMapToLong(group -> group.read(Figure.MEMORY_LIMIT).stream())
        .min()
        .ifPresent(bytes -> line.with("memory_limit_bytes", bytes));
    kills().filter(this::isSure).ifPresent(kills -> line.with("oom_kills", kills));
    container.read(Figure.PROCESSES_PEAK).ifPresent(most -> line.with("processes_peak", most));
  }

  private Optional<BigDecimal> seconds(Figure figure, long before) {
    return container.read(figure).stream()
        .mapToObj(nanos -> BigDecimal.valueOf((nanos - before) / 1_000_000, 3))
        .findFirst();
  }

  /** What the kernel has killed since the beginning because the memory was used up, in words. */
  public Optional<String> describeOomKills() {
    return kills()
        .filter(killed -> killed > 0)
        .map(killed ->
            killed == 1 ? "1 process" : isSure(killed) ? killed + " processes" : "processes")
        .map(killed -> "out of memory (OOM): the kernel killed " + killed + where());
  }

  private String where() {
    for (int at = 0; at < wayUp.size(); at++) {
      OptionalLong limit = wayUp.get(at).read(Figure.MEMORY_LIMIT);
      if (limit.isPresent() && shortages(wayUp.get(at)) > shortagesBefore.get(at)) {
        return " at the memory limit of " + mebibytes(limit.getAsLong());
      }
    }
    return container.readAll(Figure.SHORTAGES).orElse(0) > 0
        ? " at a memory limit that was set within the container"
        : ", for the Pod or the node was short of memory";
  }

  private static String mebibytes(long bytes) {
    long tenths = bytes * 10 / (1024 * 1024);
    return tenths / 10 + (tenths % 10 == 0 ? "" : "." + tenths % 10) + " MiB";
  }

  private static long shortages(ControlGroup group) {
    OptionalLong here = group.read(Figure.SHORTAGES_HERE);
    return here.isPresent() ? here.getAsLong() : group.read(Figure.SHORTAGES).orElse(0);
  }

  private Optional<Long> kills() {
    return container.readAll(Figure.OOM_KILLS).stream()
        .mapToObj(ever -> ever - killsBefore)
        .findFirst();
  }

  /** Whether it is the number of processes: unless a whole group was killed, or that is unknown. */
  private boolean isSure(long kills) {
    return kills <= 1 || !container.unified() || container.read(Figure.GROUP_KILLS).orElse(1) == 0;
  }
}
