package com.circleci.runnerinit.smoke;

import com.circleci.runnerinit.testing.Await;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/** The Pod of a manifest on a real cluster. What it says and becomes is followed from the start. */
final class ClusterPod implements Closeable {
  /** How long nodes may take to pull the images and start the containers. */
  private static final Duration DEADLINE =
      Duration.ofSeconds(
          Long.parseLong(Optional.ofNullable(System.getenv("SMOKE_DEADLINE")).orElse("120")));

  /** A cluster on which one Pod did not start is not asked for more of them. */
  private static final AtomicBoolean IN_VAIN = new AtomicBoolean();

  private final Kubectl kubectl;
  private final String name;
  private final Path folder;
  private final List<Process> followers = new ArrayList<>();

  private ClusterPod(Kubectl kubectl, String name, Path folder) {
    this.kubectl = kubectl;
    this.name = name;
    this.folder = folder;
  }

  static ClusterPod start(Kubectl kubectl, Manifest manifest) {
    if (IN_VAIN.get()) {
      throw new AssertionError("not tried, since a Pod before it did not start");
    }
    // That is what the executables are for.
    var selector = new JsonObject();
    selector.addProperty("kubernetes.io/arch", "amd64");
    manifest.spec().add("nodeSelector", selector);
    try {
      var name = manifest.pod().getAsJsonObject("metadata").getAsJsonPrimitive("name");
      var pod = new ClusterPod(kubectl, name.getAsString(), Files.createTempDirectory("smoke"));
      kubectl.create(manifest.secret().toString());
      kubectl.create(manifest.pod().toString());
      pod.follow(
          "states", "get", "pod", pod.name, "--watch", "--output=jsonpath={.status}{\"\\n\"}");
      return pod;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until these containers have begun, and says what keeps the Pod when they do not. */
  ClusterPod begun(String... containers) {
    try {
      return begunWithin(DEADLINE, containers);
    } catch (AssertionError e) {
      IN_VAIN.set(true);
      throw e;
    }
  }

  ClusterPod begunWithin(Duration patience, String... containers) {
    var deadline = Instant.now().plus(patience);
    for (var container : containers) {
      while (last(container, "state").map(state -> state.has("waiting")).orElse(true)) {
        if (Instant.now().isAfter(deadline)) {
          throw new AssertionError(
              "Pod %s in %s is %s after %d s: %s"
                  .formatted(
                      name,
                      kubectl.namespace(),
                      get("{.status.phase}"),
                      patience.toSeconds(),
                      whatKeepsIt()));
        }
        LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      }
    }
    return this;
  }

  /** What a JSONPath finds in the Pod as it is now. */
  String get(String path) {
    return kubectl.succeed("get", "pod", name, "--output=jsonpath=" + path);
  }

  /** Conditions that do not hold, and why containers wait. */
  private String whatKeepsIt() {
    var found =
        get(
            "{range .status.conditions[?(@.status==\"False\")]}{.message}{\"\\n\"}{end}"
                + "{range .status.initContainerStatuses[*]}{.state.waiting.message}{\"\\n\"}{end}"
                + "{range .status.containerStatuses[*]}{.state.waiting.message}{\"\\n\"}{end}");
    var lines = found.lines().map(String::strip).filter(line -> !line.isEmpty()).distinct();
    var reasons = String.join("; ", lines.toList());
    return reasons.isEmpty() ? "no scheduler or node has taken it" : reasons;
  }

  /** What the container has said until now, each line after the time at which it did. */
  String log(String container) {
    if (!Files.exists(folder.resolve(container))) {
      var said = kubectl.run("logs", name, "--container=" + container, "--tail=1");
      if (said.status() != 0) {
        return "";
      }
      follow(container, "logs", name, "--container=" + container, "--timestamps", "--follow");
    }
    return read(container);
  }

  /** All that the container has said, once that has this in it. */
  String awaitLog(String container, String text) {
    return Await.untilPresent(
        container + " to say " + text,
        () -> Optional.of(log(container)).filter(it -> it.contains(text)));
  }

  /** When the container said this, by the clock of its node. */
  Instant saidAt(String container, String text) {
    return timed(container).stream()
        .filter(line -> line.contains(text))
        .findFirst()
        .map(ClusterPod::time)
        .orElseThrow(() -> new AssertionError(text + " is not in " + log(container)));
  }

  Instant firstLineAt(String container) {
    return time(timed(container).getFirst());
  }

  Instant lastLineAt(String container) {
    return time(timed(container).getLast());
  }

  /** Without the kubelet's own words, such as that the container is gone, which have no time. */
  private List<String> timed(String container) {
    return log(container)
        .lines()
        .filter(line -> line.matches("\\d{4}-\\d\\d-\\d\\dT\\S+ .*"))
        .toList();
  }

  private static Instant time(String line) {
    return Instant.parse(line.substring(0, line.indexOf(' ')));
  }

  /** Of the states that the API server has told of, the last in which the container has it. */
  Optional<JsonObject> last(String container, String state) {
    var told = read("states").lines().filter(line -> line.endsWith("}")).toList().reversed();
    for (var line : told) {
      var found =
          of(JsonParser.parseString(line).getAsJsonObject(), container)
              .map(status -> status.getAsJsonObject(state));
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** The status of a container as it is now. */
  JsonObject status(String container) {
    var pod = JsonParser.parseString(kubectl.succeed("get", "pod", name, "--output=json"));
    return of(pod.getAsJsonObject().getAsJsonObject("status"), container)
        .orElseThrow(() -> new AssertionError("no status of " + container));
  }

  private static Optional<JsonObject> of(JsonObject status, String container) {
    for (var kind : List.of("initContainerStatuses", "containerStatuses")) {
      if (status.has(kind)) {
        for (var one : status.getAsJsonArray(kind)) {
          if (one.getAsJsonObject().getAsJsonPrimitive("name").getAsString().equals(container)) {
            return Optional.of(one.getAsJsonObject());
          }
        }
      }
    }
    return Optional.empty();
  }

  /** How a container ended, once it has. */
  JsonObject ended(String container) {
    return Await.untilPresent(
        "the end of " + container,
        () -> last(container, "state").map(state -> state.getAsJsonObject("terminated")));
  }

  String events() {
    var uid = kubectl.succeed("get", "pod", name, "--output=jsonpath={.metadata.uid}");
    return kubectl.succeed(
        "get", "events", "--field-selector=involvedObject.uid=" + uid, "--output=wide");
  }

  /**
   * Makes a file in the volume that the containers share, by the service's program. When the
   * service ends because of it, that may end this program, too; so its exit status says nothing.
   */
  void touch(String file) {
    kubectl.run("exec", name, "--container=service", "--", "/circleci-agent", "touch=" + file);
  }

  /**
   * Asks for the end of the Pod: its containers get SIGTERM, and what the manifest says of time.
   */
  void delete() {
    kubectl.succeed("delete", "pod", name, "--wait=false");
  }

  boolean isThere() {
    return !kubectl.succeed("get", "pod", name, "--ignore-not-found", "--output=name").isEmpty();
  }

  private void follow(String file, String... words) {
    try {
      followers.add(
          new ProcessBuilder(kubectl.words(words))
              .redirectOutput(folder.resolve(file).toFile())
              .redirectError(folder.resolve(file + "-error").toFile())
              .start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String read(String file) {
    try {
      var path = folder.resolve(file);
      return Files.exists(path) ? Files.readString(path) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    kubectl.succeed("delete", "pod", name, "--ignore-not-found", "--now");
    kubectl.succeed("delete", "secret", name);
    followers.forEach(Process::destroyForcibly);
    Command.succeed("rm", "-r", folder.toString());
  }
}
