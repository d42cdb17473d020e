package com.circleci.runnerinit.smoke;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Command;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A namespace of its own in the Kubernetes of {@code KUBECONFIG}, with a level of the Pod Security
 * Standards enforced. {@code ./do smoke-tests} says in {@code KUBECTL} which program asks it.
 */
record Kubectl(String namespace) implements Closeable {
  /** By which {@code ./do smoke-tests} finds, and deletes, what an interrupted run left behind. */
  private static final String OWNER = "runner-init-smoke-test";

  static Kubectl inNewNamespace(String podSecurity) {
    var kubectl = new Kubectl("runner-init-smoke-" + UUID.randomUUID().toString().substring(0, 8));
    var run = Optional.ofNullable(System.getenv("SMOKE_RUN")).orElse("by-hand");
    kubectl.create(
        """
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "%s", "labels": {
          "app.kubernetes.io/managed-by": "%s", "%s/run": "%s",
          "pod-security.kubernetes.io/enforce": "%s"}}}\
        """
            .formatted(kubectl.namespace, OWNER, OWNER, run, podSecurity));
    // Without it, no Pod is admitted; a controller makes it.
    Await.until(
        "the ServiceAccount of " + kubectl.namespace,
        () -> kubectl.run("get", "serviceaccount", "default").status() == 0);
    return kubectl;
  }

  String succeed(String... words) {
    var done = run(words);
    if (done.status() != 0) {
      throw new AssertionError("kubectl " + String.join(" ", words) + ": " + done.output());
    }
    return done.output().strip();
  }

  Command run(String... words) {
    return Command.run(Command.checkout(), Map.of(), words(words));
  }

  List<String> words(String... words) {
    return Stream.concat(
            Stream.of(requireNonNull(System.getenv("KUBECTL"), "KUBECTL is not set")),
            Stream.concat(Stream.of("--namespace", namespace), Stream.of(words)))
        .toList();
  }

  void create(String document) {
    var done = apply(document, "--validate=strict");
    if (done.status() != 0) {
      throw new AssertionError("kubectl apply: " + done.output());
    }
  }

  Command apply(String document, String... options) {
    try {
      var file = Files.createTempFile("smoke", ".json");
      try {
        Files.writeString(file, document);
        return run(
            Stream.concat(Stream.of("apply", "--filename", file.toString()), Stream.of(options))
                .toArray(String[]::new));
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    succeed("delete", "namespace", namespace, "--wait=false", "--ignore-not-found");
  }
}
