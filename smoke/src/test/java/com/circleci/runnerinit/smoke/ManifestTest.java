package com.circleci.runnerinit.smoke;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.testing.Command;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator deploys, by Kubernetes' own types, its Pod Security Standards and promtool. */
class ManifestTest {
  @ParameterizedTest
  @ValueSource(strings = {"pod.yaml", "pod-image-volume.yaml"})
  void shouldBeAPodAndASecretToKubernetes(String file) throws IOException {
    var manifest = Manifest.load(file);

    V1Pod.validateJsonElement(manifest.pod());
    V1Secret.validateJsonElement(manifest.secret());
  }

  @Test
  void shouldBeCheckedForFieldsThatKubernetesDoesNotHave() {
    var manifest = Manifest.load();
    manifest.container("primary").addProperty("livenesProbe", "misspelt");

    assertThatThrownBy(() -> V1Pod.validateJsonElement(manifest.pod()))
        .hasMessageContaining("livenesProbe");
  }

  /** The rules of the restricted level that a Pod without host access has to meet. */
  @ParameterizedTest
  @CsvSource({"pod.yaml, 3", "pod-image-volume.yaml, 2"})
  void shouldMeetTheRestrictedPodSecurityStandard(String file, int count) {
    var manifest = Manifest.load(file);

    assertThat(manifest.spec().getAsJsonObject("securityContext"))
        .isEqualTo(
            JsonParser.parseString(
                """
                {"runAsNonRoot": true, "runAsUser": 1001, "runAsGroup": 1001, "fsGroup": 1001,
                 "seccompProfile": {"type": "RuntimeDefault"}}\
                """));
    assertThat(containers(manifest))
        .hasSize(count)
        .allSatisfy(container ->
            assertThat(container.getAsJsonObject("securityContext"))
                .isEqualTo(
                    JsonParser.parseString(
                        """
                        {"runAsNonRoot": true, "runAsUser": 1001, "runAsGroup": 1001,
                         "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                         "capabilities": {"drop": ["ALL"]}}\
                        """)));
  }

  @Test
  void shouldGiveInitTheLimitsOfTheChart() {
    var resources = Manifest.load().initContainer().getAsJsonObject("resources");
    var values = Manifest.yaml("values.yaml").getFirst().getAsJsonObject("orchestrator");

    assertThat(resources.getAsJsonObject("limits"))
        .isEqualTo(JsonParser.parseString("{\"cpu\": \"50m\", \"memory\": \"64Mi\"}"));
    assertThat(values.getAsJsonObject("resources")).isEqualTo(resources);
  }

  @Test
  void shouldBeScrapedWhereTheHealthServerListens() {
    var annotations =
        JsonParser.parseString(
            """
            {"prometheus.io/scrape": "true", "prometheus.io/port": "7623",
             "prometheus.io/path": "/metrics"}\
            """);
    var resourceClass =
        Manifest.yaml("values.yaml")
            .getFirst()
            .getAsJsonObject("agent")
            .getAsJsonObject("resourceClasses")
            .getAsJsonObject("your-namespace/your-resource-class");

    assertThat(Manifest.load().pod().getAsJsonObject("metadata").get("annotations"))
        .isEqualTo(annotations);
    assertThat(resourceClass.getAsJsonObject("metadata").get("annotations")).isEqualTo(annotations);
  }

  @Test
  void shouldAlertOnWhatPrometheusUnderstands() {
    var deploy = Command.checkout().resolve("deploy");

    assertThat(Command.succeed("promtool", "check", "rules", deploy + "/alerts.yaml"))
        .contains("SUCCESS");
    assertThat(Command.succeed("promtool", "test", "rules", deploy + "/alerts-test.yaml"))
        .contains("SUCCESS");
  }

  @Test
  void shouldSayForEachAlertWhatToDo() throws IOException {
    var operations = Files.readString(Command.checkout().resolve("docs/operations.md"));
    var runbooks =
        Manifest.yaml("alerts.yaml").getFirst().getAsJsonArray("groups").asList().stream()
            .flatMap(group -> group.getAsJsonObject().getAsJsonArray("rules").asList().stream())
            .map(rule -> rule.getAsJsonObject().getAsJsonObject("annotations"))
            .map(annotations -> annotations.getAsJsonPrimitive("runbook").getAsString())
            .toList();

    assertThat(runbooks)
        .isNotEmpty()
        .allSatisfy(runbook ->
            assertThat(headings(operations)).contains(runbook.replace("docs/operations.md#", "")));
  }

  private static List<String> headings(String page) {
    return page.lines()
        .filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT))
        .map(line -> line.replaceAll("[^a-z0-9 -]", "").replace(' ', '-'))
        .toList();
  }

  private static List<JsonObject> containers(Manifest manifest) {
    return Stream.of("initContainers", "containers")
        .filter(kind -> manifest.spec().has(kind))
        .flatMap(kind -> manifest.containers(kind).stream())
        .toList();
  }
}
