package com.circleci.runnerinit.task.resources;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/** The container's resources, from the beginning of a run on. */
public final class Resources {
  private final Optional<ControlGroup> container;
  private final Kernel kernel;
  private final long oomKillsBefore;
  private Optional<MemoryWatch> memory = Optional.empty();
  private Optional<Duration> cpuBefore = Optional.empty();
  private Optional<Duration> throttledBefore = Optional.empty();

  /** To be made before the task starts: what is counted then is not the task's. */
  public Resources(Kernel kernel) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    container = ControlGroup.own(kernel);
    oomKillsBefore = oomKillsEver().orElse(0);
  }

  /** Begins to measure and to watch: the rest, which the task's start need not wait for. */
  public void begin() {
    memory = container.flatMap(group -> MemoryWatch.begin(kernel, group, System::nanoTime));
    cpuBefore = container.flatMap(ControlGroup::cpuTime);
    throttledBefore = container.flatMap(ControlGroup::cpuThrottled);
  }

  /** Watches the memory; empty where it is not limited or can't be read. */
  public Optional<MemoryWatch> memory() {
    return memory;
  }

  /** What was used since the beginning. */
  public ResourceUse use() {
    return new ResourceUse(
        container.flatMap(ControlGroup::cpuTime).map(now -> now.minus(before(cpuBefore))),
        container
            .flatMap(ControlGroup::cpuThrottled)
            .map(now -> now.minus(before(throttledBefore))),
        number(container.map(ControlGroup::memoryPeak)),
        memoryLimit(),
        oomKills(),
        number(container.map(ControlGroup::processesPeak)));
  }

  /** Processes that the kernel killed since the beginning because the memory was used up. */
  public OptionalLong oomKills() {
    OptionalLong ever = oomKillsEver();
    return ever.isPresent() ? OptionalLong.of(ever.getAsLong() - oomKillsBefore) : ever;
  }

  /** The container's, in bytes; empty also when there is none. */
  public OptionalLong memoryLimit() {
    return number(container.map(ControlGroup::memoryLimit));
  }

  private OptionalLong oomKillsEver() {
    return number(container.map(ControlGroup::oomKills));
  }

  private static Duration before(Optional<Duration> time) {
    return time.orElse(Duration.ZERO);
  }

  private static OptionalLong number(Optional<OptionalLong> number) {
    return number.orElse(OptionalLong.empty());
  }
}
