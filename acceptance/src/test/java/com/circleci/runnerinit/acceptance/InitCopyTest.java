package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How the bytes get from one file to the other, as strace sees it, or refuses it. */
@Tag("image")
@InAContainer
class InitCopyTest {
  /** What a file is before it gets its name. */
  private static final String NEW = "/volume/bin/.runner-init.0";

  @Test
  void shouldCopyWithinTheKernel(Scenario given) {
    init(given, "", "--trace=sendfile,read,write");

    assertThat(given.root().read("/out/trace"))
        .contains("sendfile(")
        .doesNotContainPattern("(read|write)\\(.*, \\d{6,}\\)");
    assertIsCopied(given);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ENOSYS", "EINVAL", "EPERM"})
  void shouldReadAndWriteWhereTheKernelCantCopy(String error, Scenario given) {
    init(given, "", "--inject=sendfile:error=" + error);

    assertIsCopied(given);
  }

  @Test
  void shouldLeaveNothingWhereTheSpaceIsNotThere(Scenario given) {
    var container = init(given, "! ", of(given, NEW), "--inject=sendfile,write:error=ENOSPC");

    assertThat(container.stderr().lines())
        .singleElement()
        .satisfies(line ->
            assertThat(line)
                .contains("write /volume/bin/orchestrator: no space left on device: ")
                .containsPattern("1[0-9]\\.\\d MB needed, [1-9]\\d+\\.\\d MB free$"));
    assertThat(given.root().names("/volume/bin")).isEmpty();
  }

  @Test
  void shouldForceNothingToTheDisk(Scenario given) {
    init(given, "", "--trace=openat,fsync,fdatasync,sync,syncfs,sync_file_range,msync");

    assertThat(given.root().read("/out/trace"))
        .contains("openat(")
        .doesNotContainIgnoringCase("sync");
    assertIsCopied(given);
  }

  /** EPERM is of an old seccomp profile, ENOSYS of an old kernel or a newer profile. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "fstatfs:error=EPERM",
        "flock:error=EPERM",
        "umask:error=EPERM",
        "getdents64:error=EPERM",
        "statx,renameat2,faccessat2,openat2,copy_file_range:error=EPERM",
        "statx,renameat2,faccessat2,openat2,copy_file_range:error=ENOSYS",
      })
  void shouldCopyWithoutCallsThatItCanDoWithout(String fault, Scenario given) {
    init(given, "", "--inject=" + fault);

    assertIsCopied(given);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "read:error=EIO | read /volume/image/orchestrator: input/output error",
        "read:retval=0 | read /volume/image/orchestrator: it became shorter while it was copied",
        "write:error=EIO | write /volume/bin/orchestrator: input/output error",
      })
  void shouldNameTheSideThatFailed(String fault, String reason, Scenario given) {
    var file = of(given, fault.startsWith("read") ? "/volume/image/orchestrator" : NEW);
    var container = init(given, "! ", file, "--inject=sendfile:error=EIO", "--inject=" + fault);

    assertThat(container.stderr().lines())
        .singleElement()
        .satisfies(line -> assertThat(line).endsWith(reason));
    assertThat(given.root().names("/volume/bin")).isEmpty();
  }

  @Test
  void shouldShareTheBlocksWhereTheFileSystemCan(Scenario given) {
    given.xfs("/volume");

    init(given, "", "--trace=ioctl,sendfile");

    assertThat(given.root().read("/out/trace"))
        .containsPattern("FICLONE, \\d+\\) += 0\n")
        .doesNotContain("sendfile(");
  }

  /** Has strace look at, and refuse, what is done with this file alone. */
  private static String of(Scenario given, String file) {
    return "--trace-path=" + given.root().path(file);
  }

  private static Container init(Scenario given, String before, String... options) {
    var root = given.root().program("/orchestrator", Executables.orchestrator()).folder("/out");
    root.program("/image/orchestrator", Executables.orchestrator())
        .file("/image/circleci-agent", "the agent", "rwxr-xr-x");
    // The copies are made where the sources are, so that they may share blocks.
    var container =
        given
            .prepare("/bin/mkdir -p '%1$s/volume/image'".formatted(root))
            .prepare("/bin/cp '%1$s'/image/* '%1$s/volume/image'".formatted(root))
            .prepare(
                before
                    + "/usr/bin/strace -f -o '%1$s/out/trace' %2$s /usr/sbin/chroot '%1$s'"
                        .formatted(root, String.join(" ", options))
                    + " /orchestrator init /volume/image /volume/bin")
            .execute("/orchestrator", "--version");
    assertThat(container.exitCode()).isZero();
    return container;
  }

  private static void assertIsCopied(Scenario given) {
    assertThat(given.root().path("/volume/bin/orchestrator"))
        .hasSameBinaryContentAs(Executables.orchestrator());
    assertThat(given.root().read("/volume/bin/circleci-agent")).isEqualTo("the agent");
  }
}
