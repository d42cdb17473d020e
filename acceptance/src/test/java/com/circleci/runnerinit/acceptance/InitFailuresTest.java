package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each failure names the file and the reason, leaves nothing half done, and exits 1. */
@InAContainer
class InitFailuresTest {

  @ParameterizedTest
  @ValueSource(strings = {"orchestrator", "circleci-agent"})
  void shouldNameTheSourceFileThatIsMissing(String missing, Scenario given) {
    source(given);
    given.root().rename("/image/" + missing, "/elsewhere");

    assertFails(init(given), "/image/" + missing, "no such file or directory");
    assertNothingIsHalfDone(given);
  }

  @Test
  void shouldNameTheSourceFolderThatIsMissing(Scenario given) {
    given.root().program("/orchestrator", Executables.orchestrator());

    assertFails(init(given), "/image/orchestrator", "no such file or directory");
  }

  @Test
  void shouldRefuseASourceThatIsAFolder(Scenario given) {
    given.root().program("/orchestrator", Executables.orchestrator());
    given.root().folder("/image/orchestrator").folder("/image/circleci-agent");

    assertFails(init(given), "/image/orchestrator", "not a regular file");
  }

  @Test
  void shouldNotWaitForASourceThatIsAFifo(Scenario given) {
    source(given);
    given.root().remove("/image/orchestrator").fifo("/image/orchestrator");

    assertFails(init(given), "open /image/orchestrator", "not a regular file");
  }

  @Test
  void shouldRefuseASourceThatIsASocket(Scenario given) throws Exception {
    source(given);
    given.root().remove("/image/orchestrator");
    var address = UnixDomainSocketAddress.of(given.root().path("/image/orchestrator"));
    try (var socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(address);

      assertFails(init(given), "open /image/orchestrator", "not a regular file");
    }
  }

  /** Reading it would never end. */
  @Test
  void shouldRefuseASourceThatIsADevice(Scenario given) {
    source(given);
    given.root().devices().remove("/image/orchestrator").link("/image/orchestrator", "/dev/zero");

    assertFails(init(given), "open /image/orchestrator", "not a regular file");
  }

  @Test
  void shouldSayThatAFileIsInTheWayOfTheDestination(Scenario given) {
    source(given);
    given.root().file("/volume/bin", "a file");

    assertFails(init(given), "/volume/bin", "not a directory");
    assertThat(given.root().read("/volume/bin")).isEqualTo("a file");
  }

  @Test
  void shouldSayThatAFileIsInTheWayAboveTheDestination(Scenario given) {
    source(given);
    given.root().file("/volume", "a file");

    assertFails(init(given), "/volume", "not a directory");
  }

  @ParameterizedTest
  @ValueSource(strings = {"orchestrator", "circleci-agent", "circleci"})
  void shouldSayThatAFolderIsInTheWayOfAFile(String name, Scenario given) {
    source(given);
    given.root().file("/volume/bin/" + name + "/file", "");

    assertFails(init(given), "/volume/bin/" + name, "is a directory: remove it");
    assertThat(given.root().has("/volume/bin/" + name + "/file")).isTrue();
    assertNothingIsHalfDone(given);
  }

  @Test
  void shouldSayThatTheDestinationIsReadOnly(Scenario given) {
    source(given);
    given.root().folder("/volume/bin");
    given.readOnly("/volume");

    assertFails(init(given), "/volume/bin", "read-only file system");
  }

  @Test
  void shouldSayThatTheDestinationMayNotBeWritten(Scenario given) {
    source(given);
    given.root().folder("/volume/bin", "rwxr-xr-x");
    given.asUser("1001:1002", "");

    assertFails(init(given), "/volume/bin", "permission denied");
    assertThat(given.root().names("/volume/bin")).isEmpty();
  }

  @Test
  void shouldSayThatTheSourceMayNotBeRead(Scenario given) {
    source(given);
    given
        .root()
        .file("/image/circleci-agent", "secret", "rwx------")
        .folder("/volume/bin", "rwxrwxrwx");
    given.asUser("1001:1002", "");

    assertFails(init(given), "/image/circleci-agent", "permission denied");
    assertNothingIsHalfDone(given);
  }

  @Test
  void shouldSayHowMuchSpaceIsNeededAndHowMuchThereIs(Scenario given) {
    source(given);
    given.root().file("/image/circleci-agent", "x".repeat(3_000_000), "rwxr-xr-x");
    given.tmpfs("/volume", "1m");

    var container = init(given);

    assertFails(container, "circleci-agent", "no space left on device: 3.0 MB needed, ");
    assertThat(container.stderr().text()).containsPattern("needed, [01]\\.\\d MB free");
  }

  @Test
  void shouldKeepTheOldFilesAndRemoveItsOwnWhenThereIsNoSpace(Scenario given) {
    source(given);
    given.tmpfs("/volume", "1m");
    var root = given.root().toString();
    given
        .prepare("/usr/sbin/chroot '%s' /orchestrator init /image /volume/bin".formatted(root))
        .prepare("/usr/bin/head -c 3000000 /dev/zero > '%s/image/circleci-agent'".formatted(root))
        .prepare("! /usr/sbin/chroot '%s' /orchestrator init /image /volume/bin".formatted(root))
        .prepare("/bin/ls '%s/volume/bin' >&2".formatted(root))
        .prepare("/bin/cat '%s/volume/bin/circleci-agent' >&2".formatted(root));

    var container = given.execute("/orchestrator", "--version");

    assertThat(container.exitCode()).isZero();
    assertThat(container.stderr().text())
        .contains("no space left on device")
        .endsWith("circleci\ncircleci-agent\norchestrator\nthe agent");
  }

  private static void source(Scenario given) {
    given.root().program("/orchestrator", Executables.orchestrator());
    given.root().file("/image/orchestrator", "the orchestrator", "rwxr-xr-x");
    given.root().file("/image/circleci-agent", "the agent", "rwxr-xr-x");
  }

  private static Container init(Scenario given) {
    return given.execute("/orchestrator", "init", "/image", "/volume/bin");
  }

  private static void assertFails(Container container, String file, String reason) {
    assertThat(container.exitCode()).isOne();
    assertThat(container.stderr().lines())
        .singleElement()
        .satisfies(line -> assertThat(line).contains(file).contains(reason));
  }

  private static void assertNothingIsHalfDone(Scenario given) {
    if (given.root().has("/volume/bin")) {
      assertThat(given.root().names("/volume/bin"))
          .isSubsetOf("circleci", "circleci-agent", "orchestrator");
    }
  }
}
