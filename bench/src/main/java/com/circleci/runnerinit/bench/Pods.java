package com.circleci.runnerinit.bench;

import static java.util.Objects.requireNonNull;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A Pod of podman's from its start to the agent's main: with an init container that fills a volume,
 * and with the same image mounted as the volume. Pod and containers are made before.
 */
final class Pods {
  static final String INIT_CONTAINER = "init container";
  static final String IMAGE_VOLUME = "image volume";

  private static final String POD = "runner-init-bench";
  private static final String TASK = POD + "-task";
  private static final String IMAGE = "localhost/runner-init-bench:init";
  private static final String EMPTY_IMAGE = "localhost/runner-init-bench:nothing";
  private static final String BINARIES = "/opt/circleci/bin";
  private static final String SHARED = "/shared";

  /** The real one's. */
  private static final int AGENT_BYTES = 60_000_000;

  /** No less than {@code struct shared} of shared.h. */
  private static final long SHARED_BYTES = 1 << 20;

  /** Its {@code main_at}, by the clock of {@link System#nanoTime}. */
  private static final int MAIN_AT = 8;

  private static final long PATIENCE_NANOS = 60_000_000_000L;

  private final Path folder;
  private final Path orchestrator;
  private final Path agent;
  private final Path shared;
  private boolean prepared;

  /**
   * @param folder for the volume, which is a folder of the node, as an emptyDir is
   * @param shared where files are in memory
   */
  Pods(Path folder, Path orchestrator, Path agent, Path shared) {
    this.folder = requireNonNull(folder, "folder is null").toAbsolutePath();
    this.orchestrator = requireNonNull(orchestrator, "orchestrator is null");
    this.agent = requireNonNull(agent, "agent is null");
    this.shared = shared.resolve(POD + "." + ProcessHandle.current().pid());
  }

  /** None, and a line that says why, where there is no podman. */
  Map<String, Experiment.Trial> trials() {
    var trials = new LinkedHashMap<String, Experiment.Trial>();
    if (System.getenv("CONTAINERS_STORAGE_CONF") == null) {
      System.err.println("bench: no Pods are measured: there is no podman");
      return trials;
    }
    trials.put(INIT_CONTAINER, () -> start(true));
    trials.put(IMAGE_VOLUME, () -> start(false));
    return trials;
  }

  private Map<String, Double> start(boolean withInit) {
    try {
      prepareOnce();
      var volume = Files.createDirectories(folder.resolve("volume"));
      for (var name : List.of("orchestrator", "circleci-agent", "circleci")) {
        Files.deleteIfExists(volume.resolve(name));
      }
      Files.deleteIfExists(shared);
      try (var file =
          FileChannel.open(
              shared,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE)) {
        var times = file.map(MapMode.READ_WRITE, 0, SHARED_BYTES).order(ByteOrder.nativeOrder());
        podman("pod", "create", "--name", POD, "--network", "none");
        createContainers(volume, withInit);
        Machine.run(List.of("sync", "-f", folder.toString()));
        var began = System.nanoTime();
        podman("pod", "start", POD);
        while (times.getLong(MAIN_AT) == 0) {
          if (System.nanoTime() - began > PATIENCE_NANOS) {
            throw new BenchException("the agent of a Pod did not begin");
          }
          Thread.onSpinWait();
        }
        // A container can't be removed while it is about to end.
        podman("wait", TASK);
        return Map.of("start_to_main", (double) (times.getLong(MAIN_AT) - began));
      } finally {
        podman("pod", "rm", "--force", "--ignore", "--time", "0", POD);
        Files.deleteIfExists(shared);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void createContainers(Path volume, boolean withInit) {
    var mounted = volume + ":" + BINARIES;
    if (withInit) {
      podman(
          "create",
          "--pod",
          POD,
          "--init-ctr",
          "always",
          "--volume",
          mounted,
          IMAGE,
          "/orchestrator",
          "init",
          "/",
          BINARIES);
    }
    var config = new JsonObject();
    config.addProperty("task_agent_path", BINARIES + "/circleci-agent " + SHARED);
    config.addProperty("token", "token-of-the-benchmark");
    config.addProperty("allocation", "allocation-1");
    config.addProperty("task_id", "task-1");
    // A task that ends well calls nobody.
    config.addProperty("runner_api_base_url", "http://127.0.0.1:1");
    var binaries =
        withInit
            ? "--volume=" + mounted + ":ro"
            : "--mount=type=image,source=" + IMAGE + ",destination=" + BINARIES;
    podman(
        "create",
        "--name",
        TASK,
        "--pod",
        POD,
        binaries,
        "--volume",
        shared + ":" + SHARED,
        "--env",
        "CIRCLECI_GOAT_CONFIG=" + config,
        EMPTY_IMAGE,
        BINARIES + "/orchestrator",
        "run-task");
  }

  private void prepareOnce() throws IOException {
    if (prepared) {
      return;
    }
    prepared = true;
    var files = Files.createDirectories(folder.resolve("image"));
    Programs.copied(orchestrator, files.resolve("orchestrator"));
    var program = Programs.copied(agent, files.resolve("circleci-agent"));
    var rest = new byte[AGENT_BYTES - (int) Files.size(program)];
    new Random(1).nextBytes(rest);
    Files.write(program, rest, StandardOpenOption.APPEND);
    build(IMAGE, "FROM scratch\nCOPY image /\n");
    build(EMPTY_IMAGE, "FROM scratch\nLABEL holds=nothing\n");
  }

  private void build(String image, String dockerfile) throws IOException {
    var file = Files.writeString(folder.resolve("Dockerfile"), dockerfile);
    podman("build", "--quiet", "--tag", image, "--file", file.toString(), folder.toString());
  }

  private static void podman(String... words) {
    var command = new ArrayList<>(List.of("podman"));
    command.addAll(List.of(words));
    Machine.run(command);
  }
}
