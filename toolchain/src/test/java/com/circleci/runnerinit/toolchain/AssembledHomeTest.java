package com.circleci.runnerinit.toolchain;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.classfile.ClassFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What has to be right in an assembled home; there is none where a GraalVM is installed. */
class AssembledHomeTest {
  private static Path home = Path.of("");

  @BeforeAll
  static void assemble() {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int exitCode =
        new Toolchain(
                System.getenv(),
                new PrintStream(out, true, UTF_8),
                new PrintStream(err, true, UTF_8))
            .run(List.of("home"));
    assertThat(exitCode).as(err.toString(UTF_8)).isZero();
    home = Path.of(out.toString(UTF_8).strip());
    assumeThat(home.resolve(Description.FILE)).as("an assembled home").exists();
  }

  @Test
  void hasTheRootCertificatesOfOpenJdkAndNotTheMachines() throws Exception {
    Path store = home.resolve("lib/security/cacerts");

    assertThat(Files.isRegularFile(store, LinkOption.NOFOLLOW_LINKS)).isTrue();
    KeyStore keys = KeyStore.getInstance(store.toFile(), new char[0]);
    assertThat(keys.size()).isGreaterThan(100);
    assertThat(keys.containsAlias("letsencryptisrgx1 [jdk]")).isTrue();
  }

  @Test
  void describesAllThatItWasMadeFrom() throws IOException {
    assertThat(Files.readString(home.resolve(Description.FILE)))
        .contains("graalvm.version=25", "jdk.version=25", "jar.org.graalvm.nativeimage.svm-25")
        .containsPattern("openjdk\\.archive\\.sha256=[0-9a-f]{64}")
        .containsPattern("zlib\\.archive\\.sha256=[0-9a-f]{64}")
        .containsPattern("debian\\.musl-dev=\\d");
  }

  @ParameterizedTest
  @CsvSource({"amd64, AMD64", "aarch64, AArch64", "riscv64, RISCV64"})
  void namesTheCpuFeaturesThatTheBuilderKnows(String folder, String prefix) throws IOException {
    String type = "com/oracle/svm/core/%s/%sLibCHelper$CPUFeatures.class".formatted(folder, prefix);
    Path header = cLibraries().resolve("include/%scpufeatures.h".formatted(folder));

    assertThat(featuresOf(header)).containsExactlyInAnyOrderElementsOf(gettersOf(type));
  }

  @Test
  void aProgramSaysWhatTheCpuLacksAndDoesNotRun(@TempDir Path folder) throws IOException {
    // SSE2 every amd64 has; no CPU has both of AMD's SSE4A and Intel's AVX10.2.
    Path program =
        new CpuCheck(home, Arch.ofThisMachine())
            .compile(folder, List.of("SSE2"), List.of("SSE4A", "AVX10_2"));

    assertThat(Command.of(program).tryRun()).isEqualTo(new Command.Result(0, ""));
    Command.Result refused = Command.of(program, "more").tryRun();
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.output())
        .startsWith("check: this machine's CPU lacks what this program was built for:")
        .contains("AVX10_2")
        .hasLineCount(1);
  }

  private static Path builderJar() throws IOException {
    String version = BuilderLock.read(ProgramFiles.locate().lock()).version();
    return home.resolve("lib/svm/builder/svm-%s.jar".formatted(version));
  }

  private static Path cLibraries() {
    return home.resolve("lib/svm/clibraries").resolve(Arch.ofThisMachine().platform());
  }

  private static List<String> featuresOf(Path header) throws IOException {
    return Pattern.compile("X\\((\\w+)\\)")
        .matcher(Files.readString(header))
        .results()
        .map(match -> match.group(1))
        .filter(name -> !name.equals("X"))
        .toList();
  }

  private static List<String> gettersOf(String type) throws IOException {
    try (var jar = new ZipFile(builderJar().toFile())) {
      byte[] bytes = jar.getInputStream(jar.getEntry(type)).readAllBytes();
      return ClassFile.of().parse(bytes).methods().stream()
          .map(method -> method.methodName().stringValue())
          .map(name -> name.substring(1))
          .toList();
    }
  }
}
