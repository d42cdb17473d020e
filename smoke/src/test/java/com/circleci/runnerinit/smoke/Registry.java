package com.circleci.runnerinit.smoke;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Command;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Debian's docker-registry on loopback, over TLS, with a user and a password. */
final class Registry implements Closeable {
  static final String PASSWORD = "registry-password";

  /** What htpasswd makes of the user and the password. */
  private static final String ACCOUNT =
      "pusher:$2y$05$w3kcRwELtooqx0t/c4ztzOPEpKjJsXsmvLP4ktRAwsI3JJfrI0xV2";

  private final Path folder;
  private final String address;
  private final Process process;

  private Registry(Path folder, String address, Process process) {
    this.folder = folder;
    this.address = address;
    this.process = process;
  }

  static Registry start(Path folder) throws IOException {
    var address = "127.0.0.1:" + freePort();
    Command.succeed(
        folder,
        List.of(
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes",
                "-keyout tls.key -out tls.crt -days 2 -subj /CN=registry",
                "-addext subjectAltName=IP:127.0.0.1")
            .stream()
            .flatMap(part -> List.of(part.split(" ", -1)).stream())
            .toArray(String[]::new));
    Files.writeString(folder.resolve("htpasswd"), ACCOUNT);
    var login = Base64.getEncoder().encodeToString(("pusher:" + PASSWORD).getBytes(UTF_8));
    Files.writeString(
        folder.resolve("auth.json"),
        "{\"auths\": {\"%s\": {\"auth\": \"%s\"}}}".formatted(address, login));
    Files.writeString(
        folder.resolve("registry.yml"),
        """
        version: 0.1
        storage: {filesystem: {rootdirectory: "%1$s/data"}}
        auth: {htpasswd: {realm: test, path: "%1$s/htpasswd"}}
        http: {addr: "%2$s", tls: {certificate: "%1$s/tls.crt", key: "%1$s/tls.key"}}
        """
            .formatted(folder, address));
    var process =
        new ProcessBuilder("docker-registry", "serve", "registry.yml")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("registry.log").toFile())
            .start();
    var registry = new Registry(folder, address, process);
    Await.until("the registry listens", () -> registry.log().contains("listening on"));
    return registry;
  }

  String repository() {
    return address + "/your-org/runner-init";
  }

  /** What makes a tool trust the registry, and lets it in. */
  Map<String, String> environment() {
    return Map.of(
        "SSL_CERT_FILE", folder.resolve("tls.crt").toString(),
        "REGISTRY_AUTH_FILE", folder.resolve("auth.json").toString());
  }

  Command run(String... words) {
    return Command.run(folder, environment(), List.of(words));
  }

  String succeed(String... words) {
    var done = run(words);
    if (done.status() != 0) {
      throw new AssertionError(String.join(" ", words) + ": " + done.output());
    }
    return done.output();
  }

  /** What a tag names, for all platforms. */
  Layout pull(String tag) {
    var pulled = new Layout(folder.resolve("pulled-" + tag));
    succeed("skopeo", "copy", "--quiet", "--all", "docker://" + tag(tag), "oci:" + pulled.folder());
    return pulled;
  }

  /** The digest of what a tag names now. */
  String digest(String tag) {
    succeed("sh", "-c", "skopeo inspect --raw docker://" + tag(tag) + " >raw");
    return "sha256:" + succeed("sha256sum", "raw").split(" ", 2)[0];
  }

  String tag(String tag) {
    return repository() + ":" + tag;
  }

  /** What was written to, in order: digests and tags. */
  List<String> manifestsPut() {
    return log()
        .lines()
        .filter(line -> line.contains("\"PUT /v2/your-org/runner-init/manifests/"))
        .map(line -> line.replaceFirst(".*/manifests/([^ ]*) .*", "$1"))
        .toList();
  }

  private String log() {
    try {
      return Files.readString(folder.resolve("registry.log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
