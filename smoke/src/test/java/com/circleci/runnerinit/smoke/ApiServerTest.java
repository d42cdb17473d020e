package com.circleci.runnerinit.smoke;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.testing.Command;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Kubernetes' own API server says of the manifests; it runs none of them here. */
@Tag("cluster")
class ApiServerTest {
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

  @ParameterizedTest
  @ValueSource(strings = {"client", "server"})
  void shouldAcceptTheManifestAsItIsWritten(String where) {
    var file = Command.checkout().resolve("deploy/pod.yaml").toString();

    assertThat(restricted.succeed("apply", "--dry-run=" + where, "--validate=strict", "-f", file))
        .contains("secret/runner-init-task created", "pod/runner-init-task created")
        .doesNotContain("Warning");
  }

  /** From Kubernetes 1.35 on; before, the feature gate ImageVolume has to be on. */
  @Test
  void shouldAcceptThePodThatMountsTheImage() {
    var manifest = Manifest.load("pod-image-volume.yaml");

    assertThat(manifest.spec().has("initContainers")).isFalse();
    assertAccepted(restricted, manifest);
  }

  static Stream<String> bases() {
    return Stream.of("nothing", "one-file", "busybox", "glibc", "debian", "musl");
  }

  @ParameterizedTest
  @MethodSource("bases")
  void shouldAcceptTheRestrictedPodsOfTheSmokeTests(String base) {
    assertAccepted(restricted, Manifests.task(base, "exit=0"));
  }

  @ParameterizedTest
  @MethodSource("bases")
  void shouldAcceptThePlainPodsOfTheSmokeTestsWhereTheyAreAllowed(String base) {
    var plain = Manifests.task(base, "exit=0").plain();

    assertAccepted(privileged, plain);
    assertRefused(dryRun(restricted, plain.pod(), "server"), "violates PodSecurity");
  }

  /** By its own schema; kubectl's dry run on the client's side would not notice. */
  @Test
  void shouldRefuseAFieldThatKubernetesDoesNotHave() {
    var manifest = Manifest.load();
    manifest.container("primary").addProperty("livenesProbe", "misspelt");

    assertRefused(
        dryRun(restricted, manifest.pod(), "server"),
        "unknown field \"spec.containers[0].livenesProbe\"");
  }

  @Test
  void shouldRefuseAPrivilegedContainer() {
    var manifest = Manifest.load();
    var context = manifest.container("primary").getAsJsonObject("securityContext");
    context.remove("allowPrivilegeEscalation");
    context.addProperty("privileged", true);

    assertRefused(
        dryRun(restricted, manifest.pod(), "server"),
        "violates PodSecurity \"restricted:latest\": privileged (container \"primary\"");
  }

  @Test
  void shouldRefuseAValueThatMakesNoSense() {
    var manifest = Manifest.load();
    manifest.spec().addProperty("restartPolicy", "Sometimes");

    assertRefused(
        dryRun(restricted, manifest.pod(), "server"), "spec.restartPolicy: Unsupported value");
  }

  /** Not a dry run: it is stored, and read back with all that Kubernetes fills in. */
  @Test
  void shouldBecomeThePodThatItIsMeantToBe() {
    var manifest = Manifest.load();
    // No node has it, so that nothing is pulled or run.
    var selector = new JsonObject();
    selector.addProperty("no-node", "has-this");
    manifest.spec().add("nodeSelector", selector);
    restricted.create(manifest.secret().toString());
    restricted.create(manifest.pod().toString());
    try {
      var pod =
          JsonParser.parseString(
                  restricted.succeed("get", "pod", "runner-init-task", "--output=json"))
              .getAsJsonObject();
      var spec = pod.getAsJsonObject("spec");

      assertThat(spec.getAsJsonArray("containers").asList())
          .allSatisfy(container ->
              assertThat(text(container.getAsJsonObject(), "terminationMessagePath"))
                  .as("where a reason of failure is written to")
                  .isEqualTo("/dev/termination-log"));
      assertThat(text(spec, "serviceAccountName")).isEqualTo("default");
      assertThat(spec.getAsJsonArray("volumes").asList())
          .as("no token of the ServiceAccount is mounted")
          .singleElement()
          .satisfies(volume -> assertThat(volume.getAsJsonObject().has("emptyDir")).isTrue());
      assertThat(spec.has("shareProcessNamespace")).as("the task has PID 1 of its own").isFalse();
      assertThat(text(pod.getAsJsonObject("status"), "qosClass")).isEqualTo("Burstable");
      assertThat(text(pod.getAsJsonObject("status"), "phase")).isEqualTo("Pending");
    } finally {
      restricted.succeed("delete", "pod,secret", "runner-init-task");
    }
  }

  private static String text(JsonObject object, String field) {
    return object.getAsJsonPrimitive(field).getAsString();
  }

  private static void assertAccepted(Kubectl kubectl, Manifest manifest) {
    for (var document : new JsonObject[] {manifest.secret(), manifest.pod()}) {
      for (var where : new String[] {"client", "server"}) {
        var done = dryRun(kubectl, document, where);
        assertThat(done.status()).as(done.output()).isZero();
        assertThat(done.output()).contains(" created").doesNotContain("Warning");
      }
    }
  }

  private static void assertRefused(Command done, String reason) {
    assertThat(done.status()).as(done.output()).isEqualTo(1);
    assertThat(done.output()).contains(reason);
  }

  private static Command dryRun(Kubectl kubectl, JsonObject document, String where) {
    return kubectl.apply(document.toString(), "--dry-run=" + where, "--validate=strict");
  }
}
