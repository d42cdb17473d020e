package com.circleci.runnerinit.toolchain;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds an executable with the toolchain, unless the cache has it, and runs it. */
class HelloWorldTest {
  private static final String SOURCE =
      """
      public class Hello {
        public static void main(String[] args) {
          System.out.println("hello " + args[0]);
        }
      }
      """;

  private static final List<String> OPTIONS =
      List.of("--static", "--libc=musl", "-Os", "--no-fallback", "-march=x86-64-v2");

  private static Path hello = Path.of("");

  @BeforeAll
  static void build() throws Exception {
    String home = toolchain("home").strip();
    String key =
        new Sha256()
            .add("toolchain", toolchain("describe").getBytes(UTF_8))
            .add("source", SOURCE.getBytes(UTF_8))
            .add("options", OPTIONS.toString().getBytes(UTF_8))
            .hex();
    Path folder = Cache.ofUser(System.getenv()).folder().resolve("hello").resolve(key);
    hello = folder.resolve("hello");
    if (Files.isExecutable(hello)) {
      return;
    }
    Cache.publish(folder, unfinished -> build(Path.of(home), unfinished));
  }

  @Test
  void isStaticallyLinkedAndNeedsNoInterpreter() {
    assertThat(Command.of("file", hello).run()).contains("statically linked");
    assertThat(Command.of("readelf", "-lW", hello).run())
        .contains("LOAD")
        .doesNotContain("INTERP", "DYNAMIC");
  }

  @Test
  void runsWhereThereIsNothingButItself(@TempDir Path root) throws Exception {
    assumeThat(System.getProperty("user.name")).as("chroot needs root").isEqualTo("root");
    Files.copy(hello, root.resolve("hello"));

    Command.Result result =
        Command.of("env", "-i", "/usr/sbin/chroot", root, "/hello", "world").tryRun();

    assertThat(result).isEqualTo(new Command.Result(0, "hello world\n"));
  }

  private static void build(Path home, Path folder) throws Exception {
    Path source = Files.writeString(folder.resolve("Hello.java"), SOURCE);
    Command.of(Jdk.running().program("javac"), "-d", folder, source).run();
    List<String> command =
        Stream.of(
                Stream.of(home.resolve("bin/native-image").toString(), "-cp", folder.toString()),
                OPTIONS.stream(),
                Stream.of("-o", folder.resolve("hello").toString(), "Hello"))
            .flatMap(words -> words)
            .toList();
    Command.of(command).run();
  }

  /** What the toolchain prints, as it does for ./do. */
  private static String toolchain(String command) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int exitCode =
        new Toolchain(
                System.getenv(),
                new PrintStream(out, true, UTF_8),
                new PrintStream(err, true, UTF_8))
            .run(List.of(command));
    assertThat(exitCode).as(err.toString(UTF_8)).isZero();
    return out.toString(UTF_8);
  }
}
