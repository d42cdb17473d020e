package com.circleci.runnerinit.task.resources;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.SimulatedKernel;
import com.circleci.runnerinit.task.resources.MemoryShortage.ProcessSize;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemoryWatchTest {
  private static final String GROUP = "/sys/fs/cgroup/";

  private final SimulatedKernel files =
      new SimulatedKernel()
          .file(GROUP + "cgroup.controllers", "memory")
          .file(GROUP + "memory.max", "1000")
          .file(GROUP + "memory.current", "0\n")
          .file(GROUP + "memory.stat", "inactive_file 50\n")
          .file("/proc/1/status", "Name:\torchestrator\nVmRSS:\t999 kB\n")
          .file("/proc/7/status", "Name:\tsh\nVmRSS:\t1 kB\n")
          .file("/proc/8/status", "Name:\tbuild\nVmRSS:\t3 kB\n");
  private long nanos;

  @Test
  void shouldSayOnceWhenTheSharePasses() {
    MemoryWatch watch = watch();
    use(951);

    assertThat(lookAfter(watch, Duration.ofSeconds(1)))
        .isEqualTo(new MemoryShortage(901, 1000, Optional.of(new ProcessSize("build", 3072))));
    assertThat(isSilentFor(watch, Duration.ofMinutes(5))).isTrue();
  }

  @Test
  void shouldNotSayItAtTheShareOrBelow() {
    MemoryWatch watch = watch();
    use(950);

    assertThat(isSilentFor(watch, Duration.ofMinutes(1))).isTrue();
  }

  @Test
  void shouldSayItAgainAfterItWentDownButOnceAMinute() {
    MemoryWatch watch = watch();
    use(1000);
    lookAfter(watch, Duration.ofSeconds(1));
    use(0);
    assertThat(isSilentFor(watch, Duration.ofSeconds(10))).isTrue();
    use(1000);

    assertThat(isSilentFor(watch, Duration.ofSeconds(49))).isTrue();
    assertThat(lookAfter(watch, Duration.ofSeconds(1)).inUse()).isEqualTo(950);
  }

  @Test
  void shouldLookOnceASecond() {
    MemoryWatch watch = watch();
    assertThat(watch.untilNextLook()).isEqualTo(Duration.ofSeconds(1));

    nanos += Duration.ofMillis(999).toNanos();
    use(1000);
    assertThat(watch.untilNextLook()).isEqualTo(Duration.ofMillis(1));
    assertThat(watch.look()).isEmpty();

    nanos += Duration.ofMillis(1).toNanos();
    assertThat(watch.untilNextLook()).isEqualTo(Duration.ZERO);
    assertThat(watch.look()).isPresent();
    assertThat(watch.untilNextLook()).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void shouldNotLookWhenThereIsNoLimit() {
    files.file(GROUP + "memory.max", "max");

    assertThat(begin()).isEmpty();
  }

  @Test
  void shouldNotGuessWhatCanBeReclaimed() {
    files.file(GROUP + "memory.stat", "");
    MemoryWatch watch = watch();
    use(1000);

    assertThat(isSilentFor(watch, Duration.ofMinutes(1))).isTrue();
  }

  @Test
  void shouldHeedALimitThatIsLoweredMeanwhile() {
    MemoryWatch watch = watch();
    use(500);
    assertThat(isSilentFor(watch, Duration.ofSeconds(30))).isTrue();
    files.file(GROUP + "memory.max", "490");

    assertThat(isSilentFor(watch, Duration.ofSeconds(29))).isTrue();
    assertThat(lookAfter(watch, Duration.ofSeconds(1)).limit()).isEqualTo(490);
  }

  private MemoryWatch watch() {
    return begin().orElseThrow();
  }

  private Optional<MemoryWatch> begin() {
    ControlGroup group = ControlGroup.own(Kernel.of(files)).orElseThrow();
    return MemoryWatch.begin(Kernel.of(files), group, () -> nanos);
  }

  private void use(long bytes) {
    files.file(GROUP + "memory.current", Long.toString(bytes));
  }

  private MemoryShortage lookAfter(MemoryWatch watch, Duration time) {
    nanos += time.toNanos();
    return watch.look().orElseThrow();
  }

  private boolean isSilentFor(MemoryWatch watch, Duration time) {
    for (long second = 0; second < time.toSeconds(); second++) {
      nanos += Duration.ofSeconds(1).toNanos();
      if (watch.look().isPresent()) {
        return false;
      }
    }
    return true;
  }
}
