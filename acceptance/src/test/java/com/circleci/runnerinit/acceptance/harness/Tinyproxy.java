package com.circleci.runnerinit.acceptance.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An HTTP proxy that nobody here has written. It finds {@code runner.test} on this machine. */
public final class Tinyproxy implements Closeable {
  private final Path folder;
  private final int port;
  private final HostProgram program;

  private Tinyproxy(Path folder, int port, HostProgram program) {
    this.folder = folder;
    this.port = port;
    this.program = program;
  }

  /** For anybody. */
  public static Tinyproxy start() {
    return startWith("");
  }

  public static Tinyproxy startFor(String user, String password) {
    return startWith("BasicAuth " + user + " " + password);
  }

  private static Tinyproxy startWith(String more) {
    try {
      var folder = Files.createTempDirectory("tinyproxy");
      var port = HostProgram.freePort();
      var log = folder.resolve("log");
      Files.writeString(
          folder.resolve("conf"),
          """
          Listen 127.0.0.1
          Port %d
          Timeout 60
          LogFile "%s"
          LogLevel Connect
          MaxClients 50
          %s
          """
              .formatted(port, log, more));
      Files.writeString(folder.resolve("hosts"), "127.0.0.1 localhost runner.test\n");
      var script = "mount --bind \"$1\" /etc/hosts && exec \"$2\" -d -c \"$3\"";
      var command =
          List.of(
              "/usr/bin/unshare",
              "--mount",
              "/bin/sh",
              "-c",
              script,
              "sh",
              folder + "/hosts",
              HostProgram.require("tinyproxy").toString(),
              folder + "/conf");
      return new Tinyproxy(folder, port, HostProgram.start(folder, port, command));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public String address() {
    return "127.0.0.1:" + port;
  }

  public boolean wasAskedFor(String method, String target) {
    try {
      return Files.readString(folder.resolve("log"), UTF_8).contains(method + " " + target);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    program.close();
    HostCommand.run("rm", "-r", folder.toString());
  }
}
