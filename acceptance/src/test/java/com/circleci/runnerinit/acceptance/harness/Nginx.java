package com.circleci.runnerinit.acceptance.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.circleci.runnerinit.testing.Await;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An HTTPS server that nobody here has written. */
public final class Nginx implements Closeable {
  private final Path folder;
  private final int port;
  private final HostProgram program;

  private Nginx(Path folder, int port, HostProgram program) {
    this.folder = folder;
    this.port = port;
    this.program = program;
  }

  /**
   * Starts one on a free port of 127.0.0.1.
   *
   * @param pem certificate and key
   * @param server what else its {@code server} block says
   */
  public static Nginx start(String pem, String server) {
    try {
      var folder = Files.createTempDirectory("nginx");
      var port = HostProgram.freePort();
      Files.writeString(folder.resolve("server.pem"), pem);
      Files.writeString(
          folder.resolve("nginx.conf"),
          """
          daemon off;
          user root;
          worker_processes 1;
          pid pid;
          error_log error.log;
          events { worker_connections 64; }
          http {
            access_log access.log;
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
      var command =
          List.of(
              HostProgram.require("nginx").toString(),
              "-p",
              folder + "/",
              "-c",
              "nginx.conf",
              "-e",
              "error.log");
      return new Nginx(folder, port, HostProgram.start(folder, port, command));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return port;
  }

  public String baseUrl() {
    return "https://127.0.0.1:" + port;
  }

  /** A line for each request that it has answered, when there are so many: it answers first. */
  public List<String> requests(int count) {
    Await.until(count + " requests at nginx", () -> requests().size() >= count);
    return requests();
  }

  private List<String> requests() {
    try {
      return Files.readAllLines(folder.resolve("access.log"), UTF_8);
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
