package com.circleci.runnerinit.smoke;

import com.circleci.runnerinit.testing.Command;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;

/**
 * A Pod that podman runs from a manifest, with no network. {@code ./do smoke-tests} has told podman
 * where its storage and its settings are.
 */
final class Podman implements Closeable {
  private final String pod;

  private Podman(String pod) {
    this.pod = pod;
  }

  /** The Pod of a manifest, whether it could be played or not. */
  static Podman of(Manifest manifest) {
    return new Podman(
        manifest.pod().getAsJsonObject("metadata").getAsJsonPrimitive("name").getAsString());
  }

  static Podman play(Manifest manifest) {
    var started = of(manifest);
    // Kept after it has ended, to be looked at.
    manifest.annotated("io.podman.annotations.init.container.type", "always");
    try {
      var folder = Files.createTempDirectory("smoke");
      try {
        var secret = folder.resolve("secret.json");
        var file = folder.resolve("pod.json");
        manifest.writeSecretForPodman(secret);
        Files.writeString(file, manifest.pod().toString());
        started.close();
        podman("secret", "create", started.pod, secret.toString());
        podman("kube", "play", "--network", "none", "--build=false", file.toString());
        return started;
      } finally {
        Command.succeed("rm", "-r", folder.toString());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Run where podman's storage is, since conmon leaves a file in its folder on an OOM kill. */
  static String podman(String... words) {
    return Command.succeed(
        Command.checkout().resolve("target/smoke"),
        Stream.concat(Stream.of("podman"), Stream.of(words)).toArray(String[]::new));
  }

  String log(String container) {
    return podman("logs", name(container));
  }

  JsonObject inspect(String container) {
    return JsonParser.parseString(podman("container", "inspect", name(container)))
        .getAsJsonArray()
        .get(0)
        .getAsJsonObject();
  }

  JsonObject state(String container) {
    return inspect(container).getAsJsonObject("State");
  }

  boolean isRunning(String container) {
    return state(container).getAsJsonPrimitive("Running").getAsBoolean();
  }

  int exitStatus(String container) {
    return state(container).getAsJsonPrimitive("ExitCode").getAsInt();
  }

  /** How long a container ran that has ended. */
  Duration ran(String container) {
    return Duration.between(
        instant(state(container), "StartedAt"), instant(state(container), "FinishedAt"));
  }

  Instant finishedAt(String container) {
    return instant(state(container), "FinishedAt");
  }

  void signal(String container, String signal) {
    podman("kill", "--signal", signal, name(container));
  }

  /** The answer of the health server, asked from within the Pod's network. */
  String health(String path) {
    var pid = state("primary").getAsJsonPrimitive("Pid").getAsInt();
    return Command.succeed(
        "nsenter",
        "--target",
        Integer.toString(pid),
        "--net",
        "curl",
        "--silent",
        "--max-time",
        "5",
        "http://127.0.0.1:7623" + path);
  }

  /** A file of the volume that the containers share, as the host sees it. */
  Path inVolume(String path) {
    return Path.of(podman("volume", "inspect", "--format", "{{.Mountpoint}}", "circleci"))
        .resolve(path);
  }

  private String name(String container) {
    return pod + "-" + container;
  }

  private static Instant instant(JsonObject state, String field) {
    return Instant.parse(state.getAsJsonPrimitive(field).getAsString());
  }

  @Override
  public void close() {
    podman("pod", "rm", "--force", "--ignore", "--time", "0", pod);
    podman("volume", "rm", "--force", "circleci");
    // Podman 4.3 can't be told that a secret may be missing, so it is asked which there are.
    if (podman("secret", "ls", "--format", "{{.Name}}").lines().anyMatch(pod::equals)) {
      podman("secret", "rm", pod);
    }
  }
}
