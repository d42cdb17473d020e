package com.circleci.runnerinit.acceptance.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Command;
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

/** A server of Debian's, which nobody here has written, on a free port of 127.0.0.1. */
public final class HostServer implements Closeable {
  private final Path folder;
  private final int port;
  private final Process process;

  private HostServer(Path folder, int port, Process process) {
    this.folder = folder;
    this.port = port;
    this.process = process;
  }

  /**
   * Nginx, for HTTPS.
   *
   * @param pem certificate and key
   * @param server what else its {@code server} block says
   */
  public static HostServer nginx(String pem, String server) {
    var folder = folder("nginx");
    var port = freePort();
    write(folder.resolve("server.pem"), pem);
    write(
        folder.resolve("nginx.conf"),
        """
        daemon off;
        user root;
        worker_processes 1;
        pid pid;
        error_log errors;
        events { worker_connections 64; }
        http {
          access_log log;
          client_body_temp_path body;
          proxy_temp_path proxy;
          fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi;
          scgi_temp_path scgi;
          server {
            listen 127.0.0.1:%d ssl;
            ssl_certificate server.pem;
            ssl_certificate_key server.pem;
            %s
          }
        }
        """
            .formatted(port, server));
    var command = List.of(require("nginx"), "-p", folder + "/", "-c", "nginx.conf", "-e", "errors");
    return start(folder, port, command);
  }

  /**
   * Tinyproxy. It finds {@code runner.test} on this machine.
   *
   * @param more lines of its configuration
   */
  public static HostServer tinyproxy(String more) {
    var folder = folder("tinyproxy");
    var port = freePort();
    write(
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
            .formatted(port, folder.resolve("log"), more));
    write(folder.resolve("hosts"), "127.0.0.1 localhost runner.test\n");
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
            require("tinyproxy"),
            folder + "/conf");
    return start(folder, port, command);
  }

  /** Returns once it takes connections. */
  private static HostServer start(Path folder, int port, List<String> command) {
    try {
      var process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(new File("/dev/null"))
              .redirectOutput(folder.resolve("said").toFile())
              .start();
      var server = new HostServer(folder, port, process);
      Await.until(
          command.getFirst() + " on port " + port, () -> listens(port) || server.failIfEnded());
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean failIfEnded() {
    if (!process.isAlive()) {
      throw new AssertionError(process.info() + ": " + read("said"));
    }
    return false;
  }

  private static boolean listens(int port) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String require(String program) {
    return List.of("/usr/sbin", "/usr/bin", "/bin").stream()
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(
            () -> new AssertionError(program + " is missing: ./do install-devtools installs it"))
        .toString();
  }

  private static Path folder(String name) {
    try {
      return Files.createTempDirectory(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String read(String file) {
    try {
      return Files.readString(folder.resolve(file), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return port;
  }

  public String address() {
    return "127.0.0.1:" + port;
  }

  public String baseUrl() {
    return "https://" + address();
  }

  /** A line for each request that nginx has answered, when there are so many: it answers first. */
  public List<String> requests(int count) {
    Await.until(count + " requests", () -> read("log").lines().count() >= count);
    return read("log").lines().toList();
  }

  public boolean wasAskedFor(String method, String target) {
    return read("log").contains(method + " " + target);
  }

  @Override
  public void close() {
    process.destroy();
    Await.until("the end of " + process.info(), () -> !process.isAlive());
    Command.succeed("rm", "-r", folder.toString());
  }
}
