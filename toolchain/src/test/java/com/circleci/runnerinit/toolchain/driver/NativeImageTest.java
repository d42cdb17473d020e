package com.circleci.runnerinit.toolchain.driver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeImageTest {
  private static final List<String> STATIC = List.of("--static", "--libc=musl");

  @TempDir private Path home;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void assemble() throws Exception {
    Files.writeString(
        home.resolve("release"),
        "JAVA_RUNTIME_VERSION=\"25.0.3+9-LTS\"\nGRAALVM_VERSION=\"25.0.2\"\n");
    Files.createDirectories(home.resolve("lib/graalvm"));
    Files.createDirectories(home.resolve("lib/svm/builder"));
    Files.createDirectories(home.resolve("lib/svm/clibraries/linux-amd64"));
    Files.createDirectories(home.resolve("lib/svm/musl/x86_64-linux-musl-gcc"));
  }

  @Test
  void saysItsVersionAsGraalVmDoes() throws Exception {
    assertThat(run(List.of("--version"))).isZero();
    assertThat(out.toString(UTF_8)).startsWith("native-image 25.0.2\n");
  }

  @Test
  void anUnknownOptionIsOneLine() throws Exception {
    assertThat(run(List.of("--nonsense", "Main"))).isEqualTo(2);
    assertThat(err.toString(UTF_8))
        .isEqualTo("native-image: unknown option '--nonsense'; see --help\n");
  }

  @Test
  void refusesAnExecutableThatItHasNoLibrariesFor() throws Exception {
    assertThat(run(List.of("-Os", "Main"))).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("--static --libc=musl").hasLineCount(1);
  }

  @Test
  void aClassPathEntryThatIsNotThereIsOneLine() throws Exception {
    assertThat(run(List.of("-cp", "/no/such.jar", "--static", "--libc=musl", "Main"))).isEqualTo(2);
    assertThat(err.toString(UTF_8))
        .isEqualTo("native-image: no such file or folder on the class path: /no/such.jar\n");
  }

  @Test
  void theBuildersCommandHasTheUsersOptionsLast() throws Exception {
    var options = new ArrayList<>(STATIC);
    options.addAll(List.of("-J-Xmx1g", "-cp", home.toString(), "-o", home + "/tool", "Main"));
    ImageRequest request = ImageRequestParser.parse(options);

    List<String> command = new BuilderCommand(new BuilderHome(home), request, 8L << 30).arguments();

    assertThat(command)
        .containsSubsequence("-Xmx5153960755", "-Xmx1g", "--module", "-imagecp", home.toString())
        .containsSubsequence(
            "-H:Path@user+api=" + home,
            "-H:Name@user+api=tool",
            "-H:Class@user+api=Main",
            "-H:CLibraryPath@driver=" + home.resolve("lib/svm/clibraries/linux-amd64"),
            "-H:+StaticExecutable@user+api");
  }

  private int run(List<String> args) throws Exception {
    return new NativeImage(
            new BuilderHome(home),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8))
        .run(args);
  }
}
