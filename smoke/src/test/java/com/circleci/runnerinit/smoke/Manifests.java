package com.circleci.runnerinit.smoke;

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
    return Manifest.load()
        .init(INIT)
        .primary(baseImage(base), agentVerbs)
        .configured("readiness_file_path", "/opt/circleci/ready")
        .service(INIT, List.of("/circleci-agent", "touch=/opt/circleci/ready", "sleep=forever"));
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
