package com.circleci.runnerinit.toolchain.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageRequestParserTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--static | -H:+StaticExecutable@user+api",
        "--libc=musl | -H:UseLibC@user+api=musl",
        "-Os | -H:Optimize@user+api=s",
        "-Ob | -H:Optimize@user+api=b",
        "-O3 | -H:Optimize@user+api=3",
        "-march=x86-64-v2 | -H:MicroArchitecture@user+api=x86-64-v2",
        "--no-fallback | -H:FallbackThreshold@user+api=0",
        "--gc=serial | -H:+UseSerialGC@user+api",
        "--features=a.B,c.D | -H:Features@user+api=a.B,c.D",
        "--enable-url-protocols=http,https | -H:EnableURLProtocols@user+api=http,https",
        "--initialize-at-build-time | -H:ClassInitialization@user+api=:build_time",
        "--initialize-at-build-time=a,b.C"
            + " | -H:ClassInitialization@user+api=a:build_time,b.C:build_time",
        "--initialize-at-run-time=a | -H:ClassInitialization@user+api=a:run_time",
        "--add-opens=java.base/java.io=ALL-UNNAMED"
            + " | -H:AddOpens@user+api=java.base/java.io=ALL-UNNAMED",
        "-g | -H:GenerateDebugInfo@user+api=2",
        "-H:+ReportExceptionStackTraces | -H:+ReportExceptionStackTraces",
        "-H:CLibraryPath=/a=b | -H:CLibraryPath=/a=b",
        "-R:MaxHeapSize=32m | -R:MaxHeapSize=32m",
      })
  void translatesAStandardOption(String standard, String raw) throws IOException {
    assertThat(parse(standard, "Main").builderOptions()).containsExactly(raw);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-cp", "-classpath", "--class-path"})
  void takesTheClassPathByAnyOfItsNames(String option) throws IOException {
    assertThat(parse(option, "a.jar:b", "Main").classPath())
        .containsExactly(Path.of("a.jar"), Path.of("b"));
  }

  @Test
  void takesEveryJarOfAFolder(@TempDir Path folder) throws IOException {
    Path b = Files.createFile(folder.resolve("b.jar"));
    Path a = Files.createFile(folder.resolve("a.jar"));
    Files.createFile(folder.resolve("c.txt"));

    assertThat(parse("--class-path=" + folder + "/*", "Main").classPath()).containsExactly(a, b);
  }

  @Test
  void theMainClassIsWhatIsNoOption() throws IOException {
    ImageRequest request = parse("-Os", "com.example.Main", "--static", "-o", "out/tool");

    assertThat(request.mainClass()).contains("com.example.Main");
    assertThat(request.outputFile()).isEqualTo(Path.of("out/tool").toAbsolutePath());
  }

  @Test
  void theExecutableIsNamedLikeTheMainClassUnlessItIsSaid() throws IOException {
    assertThat(parse("com.example.Main").outputFile().getFileName())
        .isEqualTo(Path.of("com.example.main"));
    assertThat(parse("com.example.Main", "tool").outputFile().getFileName())
        .isEqualTo(Path.of("tool"));
  }

  @Test
  void passesPropertiesAndJvmOptionsToTheBuilder() throws IOException {
    ImageRequest request = parse("-Dkey=value", "-J-Xmx2g", "--limit-modules", "java.base", "Main");

    assertThat(request.javaOptions())
        .containsExactly("-Dkey=value", "-Xmx2g", "-Dsvm.modulesupport.limitedModules=java.base");
  }

  @Test
  void takesAValueFromTheNextArgument() throws IOException {
    assertThat(parse("--add-exports", "java.base/sun.nio.ch=ALL-UNNAMED", "Main").builderOptions())
        .containsExactly("-H:AddExports@user+api=java.base/sun.nio.ch=ALL-UNNAMED");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--statics", "-O9", "--gc=G1", "--pgo=x", "-x", "--features"})
  void anUnknownOptionIsNamed(String option) {
    assertThatThrownBy(() -> parse(option, "Main"))
        .isInstanceOf(UsageException.class)
        .hasMessage("unknown option '%s'; see --help".formatted(option));
  }

  @Test
  void anOptionAtTheEndWithoutItsValueIsNamed() {
    assertThatThrownBy(() -> parse("Main", "-o"))
        .isInstanceOf(UsageException.class)
        .hasMessage("-o needs a value");
  }

  @Test
  void knowsWhetherTheExecutableNeedsNothingOfTheSystem() throws IOException {
    assertThat(parse("--static", "--libc=musl", "Main").isStaticWithMusl()).isTrue();
    assertThat(parse("--static", "Main").isStaticWithMusl()).isFalse();
  }

  private static ImageRequest parse(String... args) throws IOException {
    return ImageRequestParser.parse(List.of(args));
  }
}
