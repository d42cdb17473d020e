package com.circleci.runnerinit.smoke;

import com.circleci.runnerinit.testing.Machine;
import com.google.gson.JsonArray;
import java.util.List;
import java.util.Optional;

/** {@code deploy/pod.yaml} as the smoke tests run it: their images, a fake task agent. */
final class Manifests {
  /** Where a cluster pulls from. */
  private static final Optional<String> REPOSITORY =
      Optional.ofNullable(System.getenv("SMOKE_REPOSITORY"));

  /** The init image with the fake task agent. */
  static final String INIT =
      REPOSITORY.map(name -> name + ":smoke-init").orElse("localhost/runner-init:test-agent");

  private Manifests() {}

  /** A task that does what the verbs of the fake agent say, in a container of a base image. */
  static Manifest task(String base, String agentVerbs) {
    var manifest = Manifest.load();
    // As much as the chart gives it, of a machine that may be slower.
    manifest
        .initContainer()
        .getAsJsonObject("resources")
        .getAsJsonObject("limits")
        .addProperty("cpu", 50 * Machine.current().slowness() + "m");
    return manifest
        .init(INIT)
        .primary(baseImage(base), agentVerbs)
        .configured("readiness_file_path", "/opt/circleci/ready")
        .service(INIT, List.of("/circleci-agent", "touch=/opt/circleci/ready", "sleep=forever"));
  }

  /** The same without an init container. */
  static Manifest fromImageVolume(String base, String agentVerbs) {
    var manifest =
        Manifest.load("pod-image-volume.yaml")
            .primary(baseImage(base), agentVerbs)
            .service(
                INIT,
                List.of("/circleci-agent", "touch=/opt/circleci/status/ready", "sleep=forever"));
    manifest
        .spec()
        .getAsJsonArray("volumes")
        .get(0)
        .getAsJsonObject()
        .getAsJsonObject("image")
        .addProperty("reference", INIT);
    return manifest;
  }

  private static String baseImage(String base) {
    return REPOSITORY.map(name -> name + ":smoke-" + base).orElse("localhost/smoke:" + base);
  }

  /** With something greedy in the place of the orchestrator, under the limits of the manifest. */
  static Manifest greedyInit(String agent) {
    var manifest = task("nothing", agent);
    var greedy = new JsonArray();
    greedy.add("/circleci-agent");
    greedy.add("allocate=100000000");
    manifest.initContainer().add("command", greedy);
    return manifest;
  }
}
