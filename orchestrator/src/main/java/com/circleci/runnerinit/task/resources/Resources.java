package com.circleci.runnerinit.task.resources;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.task.resources.ControlGroup.Figure;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** The container's resources, from the beginning of a run on. */
public final class Resources {
  private static final long MIB = 1024 * 1024;

  private final Kernel kernel;
  private final Optional<ControlGroup> container;
  private final long oomKillsBefore;
  private long cpuBefore;
  private long throttledBefore;

  private Resources(Kernel kernel) {
    this.kernel = kernel;
    container = ControlGroup.own(kernel.files());
    oomKillsBefore = now(Figure.OOM_KILLS).orElse(0);
  }

  /** To be called before the task starts: what is counted then is not the task's. */
  public static Resources open(Kernel kernel) {
    return new Resources(kernel);
  }

  /**
   * Begins to measure and to watch: the rest, which the task's start need not wait for.
   *
   * @param tell told of each shortage of memory
   * @return empty where the memory is not limited, or can't be read
   */
  public Optional<MemoryWatch> begin(Consumer<MemoryWatch.Shortage> tell) {
    cpuBefore = now(Figure.CPU_TIME).orElse(0);
    throttledBefore = now(Figure.CPU_THROTTLED).orElse(0);
    return container.flatMap(group -> MemoryWatch.begin(kernel, group, tell));
  }

  /**
   * What was used since the beginning; what could not be read is empty.
   *
   * @param cpuThrottled how long the processes had to wait for the CPU limit's next period
   * @param memoryPeak bytes, file cache included
   * @param memoryLimit bytes; empty also when there is no limit
   * @param oomKills processes that the kernel killed because the memory was used up
   * @param processesPeak processes and threads at once
   */
  public record Use(
      Optional<Duration> cpuTime,
      Optional<Duration> cpuThrottled,
      OptionalLong memoryPeak,
      OptionalLong memoryLimit,
      OptionalLong oomKills,
      OptionalLong processesPeak) {}

  public Use use() {
    return new Use(
        since(cpuBefore, now(Figure.CPU_TIME)),
        since(throttledBefore, now(Figure.CPU_THROTTLED)),
        now(Figure.MEMORY_PEAK),
        now(Figure.MEMORY_LIMIT),
        oomKills(),
        now(Figure.PROCESSES_PEAK));
  }

  /** What the kernel has killed since the beginning because the memory was used up, in words. */
  public Optional<String> describeOomKills() {
    long killed = oomKills().orElse(0);
    if (killed <= 0) {
      return Optional.empty();
    }
    OptionalLong limit = now(Figure.MEMORY_LIMIT);
    String processes = killed == 1 ? "1 process" : killed + " processes";
    String where =
        limit.isPresent() ? " at the memory limit of " + mebibytes(limit.getAsLong()) : "";
    return Optional.of("out of memory (OOM): the kernel killed " + processes + where);
  }

  private static String mebibytes(long bytes) {
    long tenths = bytes * 10 / MIB;
    return tenths / 10 + (tenths % 10 == 0 ? "" : "." + tenths % 10) + " MiB";
  }

  private OptionalLong oomKills() {
    OptionalLong ever = now(Figure.OOM_KILLS);
    return ever.isPresent() ? OptionalLong.of(ever.getAsLong() - oomKillsBefore) : ever;
  }

  private OptionalLong now(Figure figure) {
    return container.map(group -> group.read(figure)).orElse(OptionalLong.empty());
  }

  private static Optional<Duration> since(long before, OptionalLong nanos) {
    return nanos.isPresent()
        ? Optional.of(Duration.ofNanos(nanos.getAsLong() - before))
        : Optional.empty();
  }
}
