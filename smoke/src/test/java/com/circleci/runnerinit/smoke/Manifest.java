package com.circleci.runnerinit.smoke;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.circleci.runnerinit.testing.Command;
import com.circleci.runnerinit.testing.Machine;
import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.stream.StreamSupport;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * {@code deploy/pod.yaml}, or another: the Secret, and the Pod that a test fits to its base image.
 */
final class Manifest {
  private final JsonObject secret;
  private final JsonObject pod;

  private Manifest(JsonObject secret, JsonObject pod) {
    this.secret = secret;
    this.pod = pod;
  }

  static Manifest load() {
    return load("pod.yaml");
  }

  static Manifest load(String file) {
    var documents = yaml(file);
    if (documents.size() != 2) {
      throw new AssertionError("deploy/" + file + " is a Secret and a Pod");
    }
    return new Manifest(documents.getFirst(), documents.getLast());
  }

  /** The documents of a file in {@code deploy/}. */
  static List<JsonObject> yaml(String file) {
    try {
      var text = Files.readString(Command.checkout().resolve("deploy").resolve(file), UTF_8);
      var documents = new Load(LoadSettings.builder().build()).loadAllFromString(text);
      return StreamSupport.stream(documents.spliterator(), false)
          .map(document -> new Gson().toJsonTree(document).getAsJsonObject())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Without any security context, so as root with the runtime's own capabilities. */
  Manifest plain() {
    spec().remove("securityContext");
    containers("initContainers").forEach(container -> container.remove("securityContext"));
    containers("containers").forEach(container -> container.remove("securityContext"));
    return this;
  }

  Manifest annotated(String name, String value) {
    pod.getAsJsonObject("metadata").getAsJsonObject("annotations").addProperty(name, value);
    return this;
  }

  Manifest init(String image) {
    initContainer().addProperty("image", image);
    return this;
  }

  Manifest primary(String image, String agentVerbs) {
    container("primary").addProperty("image", image);
    return configured("task_agent_path", "/opt/circleci/bin/circleci-agent " + agentVerbs);
  }

  Manifest configured(String field, String value) {
    var config = JsonParser.parseString(config()).getAsJsonObject();
    config.addProperty(field, value);
    secret.getAsJsonObject("stringData").addProperty("config", config.toString());
    return this;
  }

  Manifest environment(String name, String value) {
    var variable = new JsonObject();
    variable.addProperty("name", name);
    variable.addProperty("value", value);
    container("primary").getAsJsonArray("env").add(variable);
    return this;
  }

  /** As much longer to end in, beside the defaults, as the machine is slower. */
  Manifest patient() {
    var slowness = Machine.current().slowness();
    spec().addProperty("terminationGracePeriodSeconds", 30 * slowness);
    return environment("CIRCLECI_GOAT_TERMINATION_GRACE_PERIOD", 10 * slowness + "s");
  }

  Manifest service(String image, List<String> command) {
    var service = container("service");
    service.addProperty("image", image);
    var words = new JsonArray();
    command.forEach(words::add);
    service.add("command", words);
    return this;
  }

  String config() {
    return secret.getAsJsonObject("stringData").getAsJsonPrimitive("config").getAsString();
  }

  JsonObject secret() {
    return secret;
  }

  JsonObject pod() {
    return pod;
  }

  JsonObject spec() {
    return pod.getAsJsonObject("spec");
  }

  JsonObject initContainer() {
    return containers("initContainers").getFirst();
  }

  JsonObject container(String name) {
    return containers("containers").stream()
        .filter(container -> container.getAsJsonPrimitive("name").getAsString().equals(name))
        .findFirst()
        .orElseThrow();
  }

  List<JsonObject> containers(String kind) {
    return spec().getAsJsonArray(kind).asList().stream().map(one -> one.getAsJsonObject()).toList();
  }

  /** As podman wants a secret that a Pod refers to: an object of values in base64. */
  void writeSecretForPodman(Path file) throws IOException {
    var body = new JsonObject();
    secret
        .getAsJsonObject("stringData")
        .entrySet()
        .forEach(entry ->
            body.addProperty(
                entry.getKey(),
                Base64.getEncoder()
                    .encodeToString(entry.getValue().getAsString().getBytes(UTF_8))));
    Files.writeString(file, body.toString());
  }
}
