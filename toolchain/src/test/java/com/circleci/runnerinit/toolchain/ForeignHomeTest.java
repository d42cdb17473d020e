package com.circleci.runnerinit.toolchain;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A home on an amd64 machine whose executables are for arm64. */
class ForeignHomeTest {
  private static Path home = Path.of("");

  @BeforeAll
  static void assemble() {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int exitCode =
        new Toolchain(environment(), new PrintStream(out, true, UTF_8), new PrintStream(err))
            .run(List.of("--arch", "arm64", "home"));
    assertThat(exitCode).as(err.toString(UTF_8)).isZero();
    home = Path.of(out.toString(UTF_8).strip());
  }

  /** The GraalVM of this machine has libraries for this machine alone, so it is not taken. */
  private static Map<String, String> environment() {
    var environment = new TreeMap<>(System.getenv());
    environment.put("GRAALVM_HOME", System.getProperty("java.home"));
    return environment;
  }

  @Test
  void describesTheMuslThatWasUnpacked() throws IOException {
    assertThat(Files.readString(home.resolve(Description.FILE)))
        .contains("arch=aarch64")
        .containsPattern("musl-dev\\.file=musl-dev_.*_arm64\\.deb")
        .containsPattern("musl-dev\\.sha256=[0-9a-f]{64}");
  }

  @Test
  void hasTheAnswersOfCForTheOtherArchitecture() throws IOException {
    String answers = Files.readString(home.resolve("lib/svm/cap/PosixDirectives.cap"));

    // struct stat has 144 bytes on amd64; O_NOFOLLOW and its like differ, too.
    assertThat(answers).contains("StructInfo:struct_stat:PropertyInfo:size=128");
  }

  @Test
  void aProgramSaysWhatTheCpuLacksAndDoesNotRun(@TempDir Path folder) throws IOException {
    Path program =
        new CpuCheck(home, Arch.AARCH64).compile(folder, List.of("FP", "ASIMD"), List.of("SVE"));

    assertThat(on("cortex-a53", program)).isEqualTo(new Command.Result(0, ""));
    assertThat(on("cortex-a53", program, "more"))
        .isEqualTo(
            new Command.Result(
                1, "check: this machine's CPU lacks what this program was built for: SVE\n"));
    assertThat(on("max", program, "more")).isEqualTo(new Command.Result(0, ""));
  }

  private static Command.Result on(String cpu, Object... program) {
    Object[] words = new Object[3 + program.length];
    words[0] = "qemu-aarch64-static";
    words[1] = "-cpu";
    words[2] = cpu;
    System.arraycopy(program, 0, words, 3, program.length);
    return Command.of(words).tryRun();
  }
}
