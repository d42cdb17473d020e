package com.circleci.runnerinit.init;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.linux.SimulatedKernel;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogFormat;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ObjIntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BinariesInstallerTest {
  /** More than the simulated kernel copies at once. */
  private static final byte[] ORCHESTRATOR = new byte[700_000];

  private static final byte[] AGENT = "the agent".getBytes(UTF_8);

  static {
    new Random(17).nextBytes(ORCHESTRATOR);
  }

  private final SimulatedKernel kernel =
      new SimulatedKernel()
          .file("/image/orchestrator", ORCHESTRATOR, 0755)
          .file("/image/circleci-agent", AGENT, 0555);
  private final List<String> log = new ArrayList<>();
  private Duration stopDelay = Duration.ZERO;
  private int runs;

  @Test
  void shouldCopyTheBinariesAndLinkTheAgent() throws Exception {
    install();

    assertIsInstalled();
    assertThat(kernel.mode("/volume/bin/circleci-agent")).isEqualTo(0555);
  }

  @Test
  void shouldLogEachFileByItsNameAndSize() throws Exception {
    install();

    assertThat(log)
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .contains("orchestrator: init: copy app.binary=orchestrator app.bytes=700000 ")
                    .contains("app.destination=/volume/bin/orchestrator result=success"),
            line -> assertThat(line).contains("app.binary=circleci-agent app.bytes=9 "),
            line ->
                assertThat(line)
                    .contains("orchestrator: init app.destination=/volume/bin app.source=/image"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 022, 077, 0777})
  void shouldMakeFoldersForEverybodyWhateverTheUmask(int umask) throws Exception {
    kernel.umask(umask);

    install();

    assertThat(kernel.mode("/volume")).isEqualTo(0755);
    assertThat(kernel.mode("/volume/bin")).isEqualTo(0755);
    assertThat(kernel.mode("/volume/bin/orchestrator")).isEqualTo(0755);
  }

  @Test
  void shouldKeepTheModeOfFoldersThatAreThere() throws Exception {
    kernel.directory("/volume", 0711).directory("/volume/bin", 02770);

    install();

    assertThat(kernel.mode("/volume")).isEqualTo(0711);
    assertThat(kernel.mode("/volume/bin")).isEqualTo(02770);
  }

  @Test
  void shouldNotHandOnWhatChangesTheUser() throws Exception {
    kernel.file("/image/orchestrator", ORCHESTRATOR, 07755);

    install();

    assertThat(kernel.mode("/volume/bin/orchestrator")).isEqualTo(0755);
  }

  @Test
  void shouldInstallIntoTheRoot() throws Exception {
    install("/image", "/");

    assertThat(kernel.mode("/orchestrator")).isEqualTo(0755);
    assertThat(kernel.linkTarget("/circleci")).contains("/circleci-agent");
  }

  @Test
  void shouldTakeTheBinariesFromTheRoot() throws Exception {
    kernel.file("/orchestrator", ORCHESTRATOR, 0755).file("/circleci-agent", AGENT, 0755);

    install("/", "/volume/bin");

    assertIsInstalled();
  }

  @Test
  void shouldCopyEmptyFiles() throws Exception {
    kernel.file("/image/circleci-agent", new byte[0], 0755);

    install();

    assertThat(kernel.content("/volume/bin/circleci-agent")).hasValue(new byte[0]);
  }

  @Test
  void shouldShareBlocksWhereTheFileSystemCan() throws Exception {
    kernel.sharesBlocks();

    install();

    assertIsInstalled();
    assertThat(kernel.callCounts()).doesNotContainKeys("SENDFILE", "READ");
  }

  @ParameterizedTest
  @CsvSource({"ENOSYS, 0", "EINVAL, 0", "EPERM, 0", "EINVAL, 1", "EINVAL, 2", "EPERM, 3"})
  void shouldReadAndWriteWhereTheKernelCantCopy(String errno, int from) throws Exception {
    int number = Errno.class.getField(errno).getInt(null);
    kernel.refusals((call, count) -> call.equals("SENDFILE") && count >= from ? -number : 0);

    install();

    assertIsInstalled();
    assertThat(kernel.callCounts()).containsEntry("SENDFILE", from + 1);
  }

  /** The first read is of the signals. */
  @ParameterizedTest
  @CsvSource({
    "READ, 1, read /image",
    "READ, 3, read /image",
    "WRITE, 0, write /volume/bin",
    "WRITE, 1, write /volume/bin"
  })
  void shouldSayWhichSideFailed(String side, int at, String what) {
    kernel.refusals(
        (call, count) -> call.equals("SENDFILE") || (call.equals(side) && count == at) ? -5 : 0);

    assertFails(what + "/orchestrator: input/output error");
  }

  @Test
  void shouldSayThatTheSourceBecameShorter() {
    kernel.world(
        new Acts((call, _) -> {
          if (call.equals("SENDFILE")) {
            kernel.file("/image/orchestrator", new byte[0], 0755);
          }
        }));

    assertFails("read /image/orchestrator: it became shorter while it was copied");
  }

  @Test
  void shouldSayHowMuchSpaceIsNeededAndHowMuchThereIs() {
    kernel.freeBlocks(3);
    kernel.refusals((call, count) -> isOfTheCopy(call, count) ? -Errno.ENOSPC : 0);

    assertFails(
        "write /volume/bin/orchestrator: no space left on device: 0.7 MB needed, 3.0 MB free");
  }

  @Test
  void shouldNotNeedToKnowHowMuchSpaceThereIs() {
    kernel.refusals((call, count) ->
        call.equals("FSTATFS") ? -Errno.EPERM : isOfTheCopy(call, count) ? -Errno.EDQUOT : 0);

    assertFails("write /volume/bin/orchestrator: disk quota exceeded: 0.7 MB needed");
  }

  @Test
  void shouldGoOnWhereModesCantBeSetButAreRight() throws Exception {
    kernel
        .file("/image/orchestrator", ORCHESTRATOR, 0600)
        .file("/image/circleci-agent", AGENT, 0600);
    kernel.refusals((call, _) -> call.equals("FCHMOD") ? -Errno.EPERM : 0);

    install();

    assertIsInstalled();
  }

  @Test
  void shouldSayThatModesCantBeSet() {
    kernel.refusals((call, _) -> call.equals("FCHMOD") ? -Errno.EPERM : 0);

    assertFails("write /volume/bin/orchestrator: operation not permitted");
  }

  /** As NFS, FUSE and quotas do. */
  @Test
  void shouldNotNameAFileThatCouldNotBeKept() {
    List<String> calls = new ArrayList<>();
    kernel.refusals((call, _) -> {
      calls.add(call);
      boolean written = calls.size() > 1 && calls.get(calls.size() - 2).equals("FCHMOD");
      return call.equals("CLOSE") && written ? -Errno.EDQUOT : 0;
    });

    assertThatThrownBy(this::install)
        .hasMessage("write /volume/bin/orchestrator: disk quota exceeded");
    assertThat(kernel.paths()).noneMatch(path -> path.startsWith("/volume/bin/"));
  }

  @Test
  void shouldSayThatTheSourceIsMissing() {
    kernel.remove("/image/circleci-agent");

    assertFails("open /image/circleci-agent: no such file or directory");
  }

  @Test
  void shouldRefuseASourceThatIsNoFileWithoutWaitingForIt() {
    kernel.fifo("/image/orchestrator");
    assertFails("open /image/orchestrator: not a regular file");

    kernel.remove("/image/orchestrator").device("/image/orchestrator");
    assertFails("open /image/orchestrator: not a regular file");

    kernel.remove("/image/orchestrator").directory("/image/orchestrator");
    assertFails("open /image/orchestrator: not a regular file");
  }

  @Test
  void shouldRefuseASourceThatIsASocket() {
    refuse("OPENAT", 2, Errno.ENXIO);

    assertFails("open /image/orchestrator: not a regular file");
  }

  @ParameterizedTest
  @ValueSource(strings = {"orchestrator", "circleci-agent", "circleci"})
  void shouldTellTheWayOutWhenAFolderIsInTheWay(String name) {
    kernel.directory("/volume").directory("/volume/bin").directory("/volume/bin/" + name);

    assertFails(
        "write /volume/bin/" + name + ": is a directory: remove it, or choose another destination");
    assertThat(kernel.paths()).contains("/volume/bin/" + name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/volume/bin", "/volume"})
  void shouldSayThatAFileIsInTheWayOfAFolder(String path) {
    kernel.file(path, "text");

    assertFails("mkdir " + path + ": not a directory");
    assertThat(kernel.text(path)).hasValue("text");
  }

  @Test
  void shouldReplaceWhatIsThereButNotWhatALinkPointsTo() throws Exception {
    kernel
        .file("/precious", "precious")
        .file("/volume/bin/circleci-agent", "older and longer".getBytes(UTF_8), 0)
        .link("/volume/bin/orchestrator", "/precious")
        .file("/volume/bin/circleci", "no link")
        .file("/volume/bin/other", "other");

    install();

    assertThat(kernel.text("/precious")).hasValue("precious");
    assertThat(kernel.remove("/volume/bin/other").paths()).doesNotContain("/volume/bin/other");
    assertIsInstalled();
  }

  @Test
  void shouldRemoveWhatCrashedRunsHaveLeft() throws Exception {
    kernel
        .file("/volume/bin/.runner-init.0", "half")
        .link("/volume/bin/.runner-init.1", "/")
        .directory("/volume/bin/.runner-init.2")
        .file("/volume/bin/.other", "other");

    install();

    assertThat(kernel.paths()).contains("/volume/bin/.other", "/volume/bin/.runner-init.2");
    kernel.remove("/volume/bin/.other").remove("/volume/bin/.runner-init.2");
    assertIsInstalled();
  }

  @ParameterizedTest
  @ValueSource(strings = {"FLOCK", "GETDENTS64"})
  void shouldStepOverLeftoversThatItMayNotRemove(String refused) throws Exception {
    kernel.file("/volume/bin/.runner-init.0", "half").file("/volume/bin/.runner-init.1", "half");
    kernel.refusals((call, _) -> call.equals(refused) ? -Errno.ENOSYS : 0);

    install();

    assertThat(kernel.text("/volume/bin/.runner-init.1")).hasValue("half");
    kernel.remove("/volume/bin/.runner-init.0").remove("/volume/bin/.runner-init.1");
    assertIsInstalled();
  }

  /** Whoever shares the volume can lock the folder for good. */
  @Test
  void shouldNotWaitForALockForEver() throws Exception {
    kernel.world(SimulatedKernel::passTime);
    kernel.refusals((call, _) -> call.equals("FLOCK") ? -Errno.EAGAIN : 0);

    kernel.run(() -> {
      try {
        install();
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    });

    assertIsInstalled();
  }

  @ParameterizedTest
  @CsvSource({"15, terminated", "2, interrupt"})
  void shouldStopBetweenTwoCalls(int signal, String name) {
    kernel.world(
        new Acts((call, count) -> {
          if (call.equals("SENDFILE") && count == 2) {
            kernel.signal(Signals.SIGHUP);
            kernel.signal(signal);
          }
        }));

    assertFails("interrupted by signal: " + name);
    assertThat(kernel.callCounts().get("SENDFILE")).isLessThan(6);
    assertThat(log)
        .anySatisfy(line ->
            assertThat(line)
                .contains("system: shutdown signal received app.delay=0 app.signal=" + name));
  }

  @Test
  void shouldFinishWithinTheShutdownDelay() throws Exception {
    stopDelay = Duration.ofSeconds(1);
    kernel.signal(Signals.SIGTERM);

    install();

    assertIsInstalled();
    assertThat(log.getFirst()).contains("app.delay=1000");
  }

  @Test
  void shouldStopWhenTheShutdownDelayIsOver() {
    stopDelay = Duration.ofSeconds(1);
    kernel.signal(Signals.SIGTERM);
    kernel.world(new Acts((call, _) -> kernel.passTime(call.equals("SENDFILE") ? 500_000_000 : 0)));

    assertFails("interrupted by signal: terminated");
  }

  private void install() throws IOException {
    install("/image", "/volume/bin");
  }

  private void install(String source, String destination) throws IOException {
    runs++;
    EventLog events =
        new EventLog(
            LogFormat.TEXT, "0".repeat(32), _ -> 0, line -> log.add(new String(line, UTF_8)));
    new BinariesInstaller(Kernel.of(kernel), events, stopDelay).install(source, destination);
  }

  /** From the second call on. */
  private static boolean isOfTheCopy(String call, int count) {
    return call.equals("WRITE") || (call.equals("SENDFILE") && count > 0);
  }

  private void refuse(String refused, int at, int errno) {
    kernel.refusals((call, count) -> call.equals(refused) && count == at ? -errno : 0);
  }

  private void assertFails(String message) {
    assertThatThrownBy(this::install).isInstanceOf(IOException.class).hasMessage(message);
    assertThat(kernel.paths()).noneMatch(path -> path.contains(".runner-init"));
    assertThat(kernel.openDescriptors()).as("those of signals").isEqualTo(runs);
  }

  private void assertIsInstalled() {
    assertThat(kernel.paths().stream().filter(path -> path.startsWith("/volume/bin/")))
        .containsExactly(
            "/volume/bin/circleci", "/volume/bin/circleci-agent", "/volume/bin/orchestrator");
    assertThat(kernel.content("/volume/bin/orchestrator")).hasValue(ORCHESTRATOR);
    assertThat(kernel.content("/volume/bin/circleci-agent")).hasValue(AGENT);
    assertThat(kernel.linkTarget("/volume/bin/circleci")).hasValue("/volume/bin/circleci-agent");
    assertThat(kernel.openDescriptors()).as("those of signals").isEqualTo(runs);
  }

  /** Does something at each call that the program makes. */
  private final class Acts implements SimulatedKernel.World {
    private final ObjIntConsumer<String> action;

    Acts(ObjIntConsumer<String> action) {
      this.action = action;
    }

    @Override
    public void act(SimulatedKernel world) {
      throw new AssertionError("it waits");
    }

    @Override
    public void mayAct(SimulatedKernel world, String call) {
      action.accept(call, kernel.callCounts().getOrDefault(call, 0));
    }
  }
}
