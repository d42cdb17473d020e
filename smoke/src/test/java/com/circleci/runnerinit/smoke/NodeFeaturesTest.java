package com.circleci.runnerinit.smoke;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.testing.Await;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What Kubernetes of today adds to a Pod, on a node that has control groups of version 2 alone.
 * With the kubelet's defaults, memory that is used up ends the whole container: memory.oom.group.
 */
@Tag("today")
class NodeFeaturesTest {
  private static final String WARNING = "memory is nearly used up";
  private static final String PRIMARY_LIMIT =
      "{.status.containerStatuses[?(@.name==\"primary\")].resources.limits.memory}";
  private static final long MIB = 1024 * 1024;

  private static Kubectl kubectl;

  @BeforeAll
  static void createNamespace() {
    kubectl = Kubectl.inNewNamespace("restricted");
  }

  @AfterAll
  static void deleteNamespace() {
    kubectl.close();
  }

  /** {@code deploy/pod-image-volume.yaml}: no init container. */
  @Test
  void shouldRunATaskFromTheImageAsAVolume() {
    var manifest =
        Manifests.fromImageVolume("busybox", "read-stdin print=task-began exec /program");

    try (var pod = ClusterPod.start(kubectl, manifest)) {
      assertThat(exitCode(pod)).as(pod.log("primary")).isZero();
      assertThat(log(pod, "result=success")).contains("program of busybox");
    }
  }

  /** Which the kubelet ends after the task: the Pod is done without anybody's help. */
  @Test
  void shouldEndThePodWhenTheServiceIsANativeSidecar() {
    var manifest = Manifests.task("nothing", "read-stdin print=task-began");
    var service = manifest.container("service");
    service.addProperty("restartPolicy", "Always");
    manifest.spec().getAsJsonArray("containers").remove(service);
    manifest.spec().getAsJsonArray("initContainers").add(service);

    try (var pod = ClusterPod.start(kubectl, manifest)) {
      assertThat(exitCode(pod)).as(pod.log("primary")).isZero();
      assertThat(log(pod, "result=success")).contains("wait-for-readiness app.ready=true");
      Await.until("the end of the Pod", () -> pod.get("{.status.phase}").equals("Succeeded"));
    }
  }

  @Test
  void shouldRunATaskInAUserNamespace() {
    var cat = "exec /bin/sh -c \"/bin/busybox cat /proc/self/uid_map /proc/self/cgroup\"";
    var manifest = Manifests.task("busybox", "read-stdin " + cat);
    manifest.spec().addProperty("hostUsers", false);

    try (var pod = ClusterPod.start(kubectl, manifest)) {
      assertThat(exitCode(pod)).as(pod.log("primary")).isZero();
      assertThat(log(pod, "result=success"))
          .containsPattern(" +0 +[1-9]\\d* +65536\n")
          .contains(" 0::/\n")
          .contains("app.memory_limit_bytes=" + 1024 * MIB);
    }
  }

  @Test
  void shouldDrainByTheStopSignalOfThePod() {
    var manifest =
        Manifests.task("nothing", "read-stdin print=task-began wait-file=/opt/circleci/finish");
    manifest.container("primary").add("lifecycle", json("{\"stopSignal\": \"SIGUSR1\"}"));
    manifest.spec().add("os", json("{\"name\": \"linux\"}"));
    // The kubelet tells how a container ended once all have: the service ends by the same file.
    manifest
        .patient()
        .service(
            Manifests.INIT,
            List.of(
                "/circleci-agent", "touch=/opt/circleci/ready", "wait-file=/opt/circleci/finish"))
        .environment("CIRCLECI_GOAT_STOP_SIGNAL", "SIGUSR1");

    try (var pod = ClusterPod.start(kubectl, manifest)) {
      log(pod, "task-began");
      pod.delete();
      log(pod, "shutdown signal received");
      pod.touch("/opt/circleci/finish");

      assertThat(exitCode(pod)).as(pod.log("primary")).isZero();
    }
  }

  /** The closing line has the limit that it had in the end. */
  @Test
  void shouldFollowALimitThatIsResizedInPlace() {
    var manifest =
        Manifests.task("nothing", "read-stdin print=task-began wait-file=/opt/circleci/finish");
    limit(manifest, "primary", "64Mi");

    try (var pod = ClusterPod.start(kubectl, manifest)) {
      log(pod, "task-began");
      kubectl.succeed(
          "patch",
          "pod",
          "runner-init-task",
          "--subresource=resize",
          "--patch={\"spec\": {\"containers\": [{\"name\": \"primary\", \"resources\":"
              + " {\"limits\": {\"memory\": \"96Mi\"}}}]}}");
      Await.until("the resize", () -> pod.get(PRIMARY_LIMIT).equals("96Mi"));
      pod.touch("/opt/circleci/finish");

      assertThat(exitCode(pod)).as(pod.log("primary")).isZero();
      assertThat(log(pod, "result=success")).contains("app.memory_limit_bytes=" + 96 * MIB);
    }
  }

  @Test
  void shouldWarnBeforeTheContainerIsKilledAtItsLimit() {
    var manifest =
        Manifests.task(
            "nothing",
            "read-stdin allocate=" + 61 * MIB + " wait-file=/opt/circleci/go allocate=" + 64 * MIB);
    limit(manifest, "primary", "64Mi");

    try (var pod = ClusterPod.start(kubectl, manifest)) {
      log(pod, WARNING);
      pod.touch("/opt/circleci/go");

      assertOutOfMemory(pod);
      assertThat(pod.log("primary"))
          .contains("app.biggest_process=circleci-agent")
          .contains("app.memory_limit_bytes=" + 64 * MIB);
    }
  }

  /** A container can't have a limit above its Pod's; two have more than it together. */
  @Test
  void shouldEndTheContainerWhenThePodIsShortOfMemory() {
    var manifest =
        Manifests.task("nothing", "print=task-began allocate=" + 80 * MIB + " sleep=forever")
            .service(
                Manifests.INIT,
                List.of(
                    "/circleci-agent",
                    "allocate=" + 40 * MIB,
                    "touch=/opt/circleci/ready",
                    "sleep=forever"));
    limit(manifest, "primary", "96Mi");
    limit(manifest, "service", "96Mi");
    manifest.spec().add("resources", json("{\"limits\": {\"memory\": \"96Mi\"}}"));

    try (var pod = ClusterPod.start(kubectl, manifest)) {
      log(pod, "task-began");
      assertOutOfMemory(pod);
    }
  }

  private static void assertOutOfMemory(ClusterPod pod) {
    var ended = pod.ended("primary");
    assertThat(ended.getAsJsonPrimitive("reason").getAsString()).isEqualTo("OOMKilled");
    assertThat(ended.getAsJsonPrimitive("exitCode").getAsInt()).isEqualTo(137);
  }

  private static int exitCode(ClusterPod pod) {
    pod.begun("primary").log("primary");
    return pod.ended("primary").getAsJsonPrimitive("exitCode").getAsInt();
  }

  private static String log(ClusterPod pod, String text) {
    return pod.begun("primary").awaitLog("primary", text);
  }

  private static void limit(Manifest manifest, String container, String memory) {
    manifest
        .container(container)
        .add(
            "resources",
            json(
                "{\"limits\": {\"memory\": \"%1$s\"}, \"requests\": {\"memory\": \"16Mi\"}}"
                    .formatted(memory)));
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }
}
