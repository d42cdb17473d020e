package com.circleci.runnerinit.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinuxTest {
  private static final Kernel KERNEL = Kernel.of(new ForeignSyscalls());

  @TempDir private Path folder;

  @Test
  void shouldGiveTheChildAGroupOfItsOwnAndNothingButThreeDescriptors() throws Exception {
    String report = output("echo $(ps -o pgid= -p $$) $$; ls /proc/self/fd | wc -l");

    String[] lines = report.split("\n", -1);
    String[] groupAndPid = lines[0].trim().split(" +", -1);
    assertThat(groupAndPid[0]).isEqualTo(groupAndPid[1]);
    // 0 to 2, and the one by which ls reads the directory.
    assertThat(lines[1].trim()).isEqualTo("4");
  }

  @Test
  void shouldGiveTheChildAnEmptyMaskAndDefaultDispositions() throws Exception {
    String report = output("grep -E 'Sig(Blk|Ign)' /proc/self/status");

    assertThat(report).contains("SigBlk:\t0000000000000000").contains("SigIgn:\t0000000000000000");
  }

  @Test
  void shouldGiveTheChildItsEnvironmentByteForByte() throws Exception {
    byte[] notUtf8 = {'A', '=', (byte) 0xff, (byte) 0xfe};

    byte[] environment = outputBytes("tr '\\0' '\\n' < /proc/self/environ", List.of(notUtf8));

    assertThat(environment).startsWith(notUtf8);
  }

  @Test
  void shouldTellExitCodesAndSignals() throws Exception {
    assertThat(statusOf("exit 0")).isEqualTo(new ExitStatus.Exited(0));
    assertThat(statusOf("exit 255")).isEqualTo(new ExitStatus.Exited(255));
    assertThat(statusOf("kill -9 $$")).isEqualTo(new ExitStatus.Killed(9, false));
    assertThat(statusOf("kill -9 $$").toString()).isEqualTo("signal: killed");
  }

  @Test
  void shouldTellWhyAProgramCannotStartAndLeaveNoChild() throws Exception {
    Path text = Files.writeString(folder.resolve("text"), "no program");

    assertThatThrownBy(() -> spawn("/not/there", List.of("x"), List.of(), 1))
        .hasMessage("fork/exec /not/there: no such file or directory");
    assertThatThrownBy(() -> spawn(text.toString(), List.of("x"), List.of(), 1))
        .hasMessage("fork/exec " + text + ": permission denied");
    assertThat(KERNEL.processes().waitForAnyChild()).isEqualTo(new WaitResult.NoChildren());
  }

  @Test
  void shouldNotWaitForAReaderOfAFifo() throws Exception {
    String fifo = folder.resolve("fifo").toString();
    assertThat(new ProcessBuilder("mkfifo", fifo).start().waitFor()).isZero();

    assertThatThrownBy(() -> KERNEL.files().openForWriting(fifo))
        .isInstanceOf(KernelException.class)
        .hasMessageStartingWith("open " + fifo);
  }

  @Test
  void shouldReadListAndLink() throws Exception {
    Files.writeString(folder.resolve("a"), "text");
    KERNEL.files().makeSymbolicLink("/target", folder.resolve("l").toString());

    assertThat(KERNEL.files().list(folder.toString())).containsExactlyInAnyOrder("a", "l");
    assertThat(KERNEL.files().read(folder.resolve("a").toString(), 3)).asString().isEqualTo("tex");
    assertThat(KERNEL.files().readLink(folder.resolve("l").toString())).isEqualTo("/target");
    assertThat(KERNEL.files().status(folder.toString()).isRegular()).isFalse();
    assertThat(KERNEL.files().status(folder.resolve("a").toString()).size()).isEqualTo(4);
  }

  @Test
  void shouldCopyBytesWithinTheKernel() throws Exception {
    byte[] bytes = new byte[300_000];
    new java.util.Random(7).nextBytes(bytes);
    Path source = Files.write(folder.resolve("source"), bytes);
    String target = folder.resolve("target").toString();

    int from = KERNEL.files().openForReading(source.toString());
    int to = KERNEL.files().createExclusively(target);
    long first = KERNEL.descriptors().sendFile(from, to, 100_000);
    long rest = KERNEL.descriptors().sendFile(from, to, bytes.length);
    long atTheEnd = KERNEL.descriptors().sendFile(from, to, 1);
    KERNEL.files().setPermissions(to, 0751);
    List.of(from, to).forEach(KERNEL.descriptors()::close);

    assertThat(List.of(first, rest, atTheEnd)).containsExactly(100_000L, 200_000L, 0L);
    assertThat(Files.readAllBytes(Path.of(target))).isEqualTo(bytes);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(target))))
        .isEqualTo("rwxr-x--x");
  }

  @Test
  void shouldNameTheCallTheObjectAndTheReason() {
    assertThatThrownBy(() -> KERNEL.files().openForReading("/not/there"))
        .isInstanceOf(KernelException.class)
        .hasMessage("open /not/there: no such file or directory");
  }

  @Test
  void shouldSeeAnEntryAppearInAWatchedDirectory() throws Exception {
    int watch = KERNEL.files().openWatch();
    KERNEL.files().watchDirectory(watch, folder.toString());
    List<Interest> interests = List.of(Interest.inReading(watch));

    assertThat(KERNEL.descriptors().poll(interests, Optional.of(Duration.ZERO)))
        .containsExactly(false);
    Files.createFile(folder.resolve("new"));
    assertThat(KERNEL.descriptors().poll(interests, Optional.of(Duration.ofSeconds(5))))
        .containsExactly(true);
    KERNEL.descriptors().close(watch);
  }

  @Test
  void shouldWakeAPollFromAnotherThread() throws Exception {
    int wakeup = KERNEL.descriptors().openWakeup(false);
    Thread thread = new Thread(() -> KERNEL.descriptors().wake(wakeup));
    thread.start();

    boolean[] ready =
        KERNEL.descriptors().poll(List.of(Interest.inReading(wakeup)), Optional.empty());

    assertThat(ready).containsExactly(true);
    thread.join();
    KERNEL.descriptors().close(wakeup);
  }

  @Test
  void shouldWipeOnlyWhatBeginsWithThePrefix() throws Exception {
    KERNEL.processes().wipeEnvironment("PATH");

    String environment =
        new String(KERNEL.files().read("/proc/self/environ", 1 << 20), StandardCharsets.ISO_8859_1);
    assertThat(environment).contains("PATH=\0").contains("HOME=/");
  }

  private static String output(String script) throws Exception {
    return new String(
        outputBytes(script, List.of("PATH=/usr/bin:/bin".getBytes(StandardCharsets.UTF_8))),
        StandardCharsets.UTF_8);
  }

  private static byte[] outputBytes(String script, List<byte[]> environment) throws Exception {
    Pipe pipe = KERNEL.descriptors().openPipe();
    spawn("/bin/sh", List.of("sh", "-c", script), environment, pipe.writeEnd());
    KERNEL.descriptors().close(pipe.writeEnd());
    NativeBlock block = KERNEL.memory().allocate(64 * 1024);
    var output = new java.io.ByteArrayOutputStream();
    int read;
    while ((read = KERNEL.descriptors().read(pipe.readEnd(), block, block.size())) > 0) {
      output.writeBytes(block.copy(0, read));
    }
    KERNEL.descriptors().close(pipe.readEnd());
    assertThat(awaitChild().status()).isEqualTo(new ExitStatus.Exited(0));
    return output.toByteArray();
  }

  private static ExitStatus statusOf(String script) throws Exception {
    spawn("/bin/sh", List.of("sh", "-c", script), List.of(), 1);
    return awaitChild().status();
  }

  private static int spawn(
      String path, List<String> arguments, List<byte[]> environment, int output)
      throws KernelException {
    var request =
        new SpawnRequest(path, arguments, environment, 0, output, 2, Optional.empty(), false);
    return KERNEL.processes().spawn(request, () -> {});
  }

  private static WaitResult.Reaped awaitChild() throws KernelException {
    while (true) {
      if (KERNEL.processes().waitForAnyChild() instanceof WaitResult.Reaped reaped) {
        return reaped;
      }
      Thread.onSpinWait();
    }
  }
}
