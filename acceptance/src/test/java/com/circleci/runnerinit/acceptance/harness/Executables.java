package com.circleci.runnerinit.acceptance.harness;

import com.circleci.runnerinit.testing.Command;
import com.circleci.runnerinit.testing.Machine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The two executables that the tests run: those of {@code ./do build}; or those of {@code ./do test
 * --jvm}, where the orchestrator's is a launcher of a JVM.
 */
public final class Executables {
  private static final Optional<Path> JVM =
      Optional.ofNullable(System.getProperty("runnerinit.jvm")).map(Path::of);
  private static final Path BUILT = Path.of("target", "bin", "linux", architecture());

  private Executables() {}

  public static Path orchestrator() {
    return find("orchestrator.executable", "orchestrator");
  }

  public static Path fakeTaskAgent() {
    return find("fakeTaskAgent.executable", "fake-task-agent");
  }

  /**
   * What the orchestrator needs at the same place in its root: nothing, but on a JVM its runtime.
   */
  static Optional<Path> runtime() {
    return JVM;
  }

  public static boolean areOfAJvm() {
    return JVM.isPresent();
  }

  private static Path find(String property, String name) {
    var path =
        Optional.ofNullable(System.getProperty(property))
            .map(Path::of)
            .orElseGet(() -> JVM.orElseGet(() -> Command.checkout().resolve(BUILT)).resolve(name))
            .toAbsolutePath();
    if (!Files.isExecutable(path)) {
      throw new AssertionError(path + " is missing: ./do build makes it");
    }
    return path;
  }

  /** Whether QEMU runs them, many times slower than a machine would. */
  public static boolean areEmulated() {
    return Machine.current().slowness() > 1;
  }

  /** As Docker names it. */
  public static String architecture() {
    return System.getProperty("runnerinit.architecture", machine());
  }

  private static String machine() {
    return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
  }
}
