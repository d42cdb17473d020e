package com.circleci.runnerinit.acceptance.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.circleci.runnerinit.testing.Await;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A server of Debian's on the host, from its start until the end of a test. */
final class HostProgram implements Closeable {
  private final Process process;
  private final Path said;

  private HostProgram(Process process, Path said) {
    this.process = process;
    this.said = said;
  }

  /**
   * Returns once it takes connections.
   *
   * @param folder its own, for what it says
   */
  static HostProgram start(Path folder, int port, List<String> command) {
    try {
      var said = folder.resolve("said");
      var process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(new File("/dev/null"))
              .redirectOutput(said.toFile())
              .start();
      var program = new HostProgram(process, said);
      Await.until(
          command.getFirst() + " on port " + port,
          () -> listens(port) || program.failIfEnded(command));
      return program;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Below the ephemeral ones, as the health server's are. */
  static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Path require(String program) {
    for (var folder : List.of("/usr/sbin", "/usr/bin", "/bin")) {
      var path = Path.of(folder, program);
      if (Files.isExecutable(path)) {
        return path;
      }
    }
    throw new AssertionError(program + " is missing: ./do install-devtools installs it");
  }

  @Override
  public void close() {
    process.destroy();
    Await.until("the end of " + process.info(), () -> !process.isAlive());
  }

  private boolean failIfEnded(List<String> command) {
    if (process.isAlive()) {
      return false;
    }
    try {
      throw new AssertionError(String.join(" ", command) + ": " + Files.readString(said, UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean listens(int port) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    } catch (IOException _) {
      return false;
    }
  }
}
