package com.circleci.runnerinit.toolchain;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ToolchainTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void usesTheGraalVmThatIsThere(@TempDir Path home) throws IOException {
    installNativeImage(home, "native-image 25.0.1 2025-10-21");

    assertThat(run(Map.of("GRAALVM_HOME", home.toString()), "home")).isZero();
    assertThat(text(out)).isEqualTo(home + "\n");
    assertThat(text(err)).isEmpty();
  }

  @Test
  void describesTheGraalVmThatIsThere(@TempDir Path home) throws IOException {
    installNativeImage(home, "native-image 25.0.1 2025-10-21");

    assertThat(run(Map.of("GRAALVM_HOME", home.toString()), "describe")).isZero();
    assertThat(text(out)).contains("graalvm.native-image.version=native-image 25.0.1 2025-10-21");
  }

  @Test
  void usesNoOtherVersionThan25() {
    assertThat(GraalVm.isSupported("native-image 25 2025-09-16")).isTrue();
    assertThat(GraalVm.isSupported("native-image 25.0.2")).isTrue();
    assertThat(GraalVm.isSupported("native-image 21.0.9 2025-10-21")).isFalse();
    assertThat(GraalVm.isSupported("native-image 251")).isFalse();
  }

  @Test
  void printsTheKeyAlone() {
    assertThat(run(Map.of(), "key")).isZero();
    assertThat(text(out)).matches("[0-9a-f]{16}\n");
  }

  @Test
  void anUnknownArgumentIsOneLine() {
    assertThat(run(Map.of(), "hom")).isEqualTo(2);
    assertThat(text(err)).isEqualTo("toolchain: unknown argument 'hom'; see --help\n");
  }

  @Test
  void anOptionWithoutItsValueIsOneLine() {
    assertThat(run(Map.of(), "home", "--cache")).isEqualTo(1);
    assertThat(text(err)).isEqualTo("toolchain: --cache needs a value\n");
  }

  @Test
  void anArchitectureWithoutAToolchainIsOneLine() {
    assertThat(run(Map.of(), "--arch", "sparc", "home")).isEqualTo(1);
    assertThat(text(err)).isEqualTo("toolchain: no toolchain for the architecture sparc\n");
  }

  private int run(Map<String, String> environment, String... args) {
    return new Toolchain(environment, stream(out), stream(err)).run(List.of(args));
  }

  private static void installNativeImage(Path home, String version) throws IOException {
    Path program = Files.createDirectory(home.resolve("bin")).resolve("native-image");
    Files.writeString(program, "#!/bin/sh\necho '%s'\n".formatted(version));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, UTF_8);
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(UTF_8);
  }
}
