package com.circleci.runnerinit.smoke;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Machine;
import com.google.errorprone.annotations.FormatMethod;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** On the cluster of {@code KUBECONFIG}: a whole task in the Pod of {@code deploy/pod.yaml}. */
@Tag("cluster")
class ClusterTest {
  private static final String TASK = "read-stdin print=task-began wait-file=/opt/circleci/finish";

  /** It tells in its log when it lets the task end, by the clock that the task's log goes by. */
  private static final List<String> SERVICE =
      List.of(
          "/circleci-agent",
          "touch=/opt/circleci/ready",
          "wait-file=/opt/circleci/release",
          "print=released",
          "touch=/opt/circleci/finish",
          "exit=0");

  private static Kubectl restricted;
  private static Kubectl privileged;

  @BeforeAll
  static void createNamespaces() {
    restricted = Kubectl.inNewNamespace("restricted");
    privileged = Kubectl.inNewNamespace("privileged");
  }

  @AfterAll
  static void deleteNamespaces() {
    restricted.close();
    privileged.close();
  }

  @OverEveryBaseImage
  void shouldRunATaskAndDrainWhenThePodIsDeleted(String base, String context, boolean hasProgram) {
    var manifest =
        Manifests.task(base, TASK + (hasProgram ? " exec /program" : " print=the-task-is-done"))
            .patient()
            .service(Manifests.INIT, SERVICE);
    probeEverySecond(manifest);
    var isPlain = context.equals("plain");

    var asked = Instant.now();
    try (var pod =
        ClusterPod.start(
            isPlain ? privileged : restricted, isPlain ? manifest.plain() : manifest)) {
      pod.begun("orchestrator", "primary", "service");
      pod.awaitLog("primary", "task-began");
      var start = Duration.between(asked, pod.saidAt("primary", "task-began"));
      Await.until("readiness, by its probe", () -> isReady(pod));
      pod.awaitLog("orchestrator", "result=success");
      var init = Duration.between(pod.firstLineAt("orchestrator"), pod.lastLineAt("orchestrator"));
      assertThat(pod.log("service")).isEmpty();

      pod.delete();
      pod.awaitLog("primary", "shutdown signal received");
      assertThat(pod.status("primary").getAsJsonPrimitive("restartCount").getAsInt()).isZero();
      // Before it may end: soon after that it is gone, and nothing can be asked of it any more.
      assertThat(pod.events()).doesNotContain("Liveness probe failed");
      pod.touch("/opt/circleci/release");

      var ended = pod.ended("primary");
      assertThat(ended.getAsJsonPrimitive("exitCode").getAsInt()).as(pod.log("primary")).isZero();
      assertThat(pod.awaitLog("primary", "run-task app.orphans_reaped=0 result=success"))
          .contains("orchestrator: wait-for-readiness app.ready=true", "task-began")
          .contains(hasProgram ? "program of " + base : "the-task-is-done")
          .doesNotContain("the-token-of-the-task");
      Await.until("the Pod to be gone", () -> !pod.isThere());
      say(
          "%-8s %-10s start %4d ms (init %4d ms), stop %3d ms, on Kubernetes",
          base,
          context,
          start.toMillis(),
          init.toMillis(),
          Duration.between(pod.saidAt("service", "released"), pod.lastLineAt("primary"))
              .toMillis());
    }
  }

  /** The kubelet asks by SIGTERM, the task does not heed it, the container is started again. */
  @Test
  void shouldEndATaskThatTheKubeletTakesForDeadAndBeginAnewWhenItIsRestarted() {
    var manifest = Manifests.task("nothing", "read-stdin print=task-began sleep=forever");
    probeEverySecond(manifest);
    manifest.spec().addProperty("restartPolicy", "Always");
    var primary = manifest.container("primary");
    primary.getAsJsonObject("livenessProbe").getAsJsonObject("httpGet").addProperty("path", "/no");
    manifest.environment("CIRCLECI_GOAT_TERMINATION_GRACE_PERIOD", "1s");

    try (var pod = ClusterPod.start(restricted, manifest)) {
      pod.begun("orchestrator", "primary");
      pod.awaitLog("primary", "task-began");
      // Nobody answers for the runner API, so the time for reporting passes first.
      assertThat(pod.awaitLog("primary", "result=error"))
          .contains("app.signal=terminated", "termination grace period is over");
      var ended =
          Await.untilPresent(
              "the restart",
              () -> pod.last("primary", "lastState").map(it -> it.getAsJsonObject("terminated")));

      assertThat(ended.getAsJsonPrimitive("exitCode").getAsInt()).isEqualTo(1);
      assertThat(ended.getAsJsonPrimitive("message").getAsString())
          .startsWith("error on shutdown: task agent process is still running");
      assertThat(pod.events())
          .contains("Liveness probe failed: HTTP probe failed with statuscode: 404")
          .contains("Container primary failed liveness probe, will be restarted");
    }
  }

  @Test
  void shouldKillAnInitContainerThatTakesMoreThanItsMemory() {
    var manifest = Manifests.greedyInit(TASK);

    try (var pod = ClusterPod.start(restricted, manifest)) {
      var ended = pod.begun("orchestrator").ended("orchestrator");

      assertThat(ended.getAsJsonPrimitive("exitCode").getAsInt()).isEqualTo(137);
      assertThat(ended.getAsJsonPrimitive("reason").getAsString()).isEqualTo("OOMKilled");
    }
  }

  @Test
  void shouldSayWhatKeepsAPodThatDoesNotStart() {
    var missing = Manifests.INIT + "-that-is-missing";
    var manifest = Manifests.task("nothing", TASK).init(missing);

    try (var pod = ClusterPod.start(restricted, manifest)) {
      assertThatThrownBy(() -> pod.begunWithin(Duration.ofSeconds(5), "orchestrator"))
          .hasMessageStartingWith(
              "Pod runner-init-task in " + restricted.namespace() + " is Pending after 5 s: ")
          .hasMessageContaining(missing);
    }
  }

  private static void probeEverySecond(Manifest manifest) {
    for (var kind : List.of("livenessProbe", "readinessProbe")) {
      var probe = manifest.container("primary").getAsJsonObject(kind);
      probe.addProperty("periodSeconds", 1);
      probe.addProperty("failureThreshold", 1);
      probe.addProperty("timeoutSeconds", Machine.current().slowness());
    }
  }

  private static boolean isReady(ClusterPod pod) {
    return pod.status("primary").getAsJsonPrimitive("ready").getAsBoolean();
  }

  @FormatMethod
  private static void say(String format, Object... figures) {
    System.out.println("smoke: " + String.format(Locale.ROOT, format, figures));
  }
}
