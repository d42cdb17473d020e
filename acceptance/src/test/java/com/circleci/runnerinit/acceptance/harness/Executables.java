package com.circleci.runnerinit.acceptance.harness;

import com.circleci.runnerinit.testing.Command;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The two executables that the tests run: those of {@code ./do build}, unless told otherwise. */
public final class Executables {
  private static final Path BUILT = Path.of("target", "bin", "linux", architecture());

  private Executables() {}

  public static Path orchestrator() {
    return find("orchestrator.executable", "orchestrator");
  }

  public static Path fakeTaskAgent() {
    return find("fakeTaskAgent.executable", "fake-task-agent");
  }

  private static Path find(String property, String name) {
    var path =
        Optional.ofNullable(System.getProperty(property))
            .map(Path::of)
            .orElseGet(() -> Command.checkout().resolve(BUILT).resolve(name))
            .toAbsolutePath();
    if (!Files.isExecutable(path)) {
      throw new AssertionError(path + " is missing: ./do build makes it");
    }
    return path;
  }

  /** Whether QEMU runs them, many times slower than a machine would. */
  public static boolean areEmulated() {
    return !architecture().equals(machine());
  }

  private static String architecture() {
    return System.getProperty("runnerinit.architecture", machine());
  }

  private static String machine() {
    return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
  }
}
