package com.circleci.runnerinit.task.resources;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.ProcessTable;
import com.circleci.runnerinit.linux.SimulatedKernel;
import com.circleci.runnerinit.task.resources.MemoryWatch.Shortage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemoryWatchTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
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
  private final List<Shortage> told = new ArrayList<>();

  @Test
  void shouldSayOnceWhenTheSharePasses() {
    MemoryWatch watch = watch();
    use(951);

    assertThat(lookAfter(watch, Duration.ofSeconds(1)))
        .isEqualTo(
            new Shortage(901, 1000, Optional.of(new ProcessTable.Entry(8, 0, "build", 3072))));
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
    assertThat(watch.dueIn()).isEqualTo(SECOND);

    files.passTime(SECOND - 1);
    use(1000);
    assertThat(watch.dueIn()).isEqualTo(1);
    watch.turn();
    assertThat(told).isEmpty();

    files.passTime(1);
    assertThat(watch.dueIn()).isZero();
    watch.turn();
    assertThat(told).hasSize(1);
    assertThat(watch.dueIn()).isEqualTo(SECOND);
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
  void shouldHeedALimitThatIsChangedMeanwhile() {
    MemoryWatch watch = watch();
    use(951);
    files.file(GROUP + "memory.max", "4000");
    assertThat(isSilentFor(watch, Duration.ofSeconds(30))).isTrue();
    files.file(GROUP + "memory.max", "max");
    assertThat(isSilentFor(watch, Duration.ofSeconds(30))).isTrue();
    files.file(GROUP + "memory.max", "990");

    assertThat(lookAfter(watch, Duration.ofSeconds(1)).limit()).isEqualTo(990);
  }

  @Test
  void shouldWatchALimitFurtherUp() {
    files
        .file("/proc/self/cgroup", "0::/init\n")
        .file(GROUP + "init/memory.max", "max\n")
        .file(GROUP + "init/memory.current", "7\n");
    MemoryWatch watch = watch();
    use(951);

    assertThat(lookAfter(watch, Duration.ofSeconds(1)).inUse()).isEqualTo(901);
  }

  @Test
  void shouldNotSayItWhileThereIsSwapSpace() {
    files
        .file("/proc/meminfo", "SwapFree:  10 kB\n")
        .file(GROUP + "memory.swap.max", "500\n")
        .file(GROUP + "memory.swap.current", "300\n");
    MemoryWatch watch = watch();
    use(960);
    assertThat(isSilentFor(watch, Duration.ofSeconds(30))).isTrue();
    files.file(GROUP + "memory.swap.current", "450\n");

    assertThat(lookAfter(watch, Duration.ofSeconds(1)).inUse()).isEqualTo(910);
  }

  @Test
  void shouldNotTakeForSwapSpaceWhatTheMachineLacks() {
    files.file("/proc/meminfo", "SwapFree:  0 kB\n").file(GROUP + "memory.swap.max", "max\n");
    MemoryWatch watch = watch();
    use(960);

    assertThat(lookAfter(watch, Duration.ofSeconds(1)).inUse()).isEqualTo(910);
  }

  private MemoryWatch watch() {
    return begin().orElseThrow();
  }

  private Optional<MemoryWatch> begin() {
    Kernel kernel = Kernel.of(files);
    return MemoryWatch.begin(kernel, ControlGroup.wayUp(kernel.files()), told::add);
  }

  private void use(long bytes) {
    files.file(GROUP + "memory.current", Long.toString(bytes));
  }

  private Shortage lookAfter(MemoryWatch watch, Duration time) {
    files.passTime(time.toNanos());
    watch.turn();
    assertThat(told).hasSize(1);
    return told.removeFirst();
  }

  private boolean isSilentFor(MemoryWatch watch, Duration time) {
    for (long second = 0; second < time.toSeconds(); second++) {
      files.passTime(Duration.ofSeconds(1).toNanos());
      watch.turn();
    }
    return told.isEmpty();
  }
}
