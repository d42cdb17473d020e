package com.circleci.runnerinit.smoke;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.testing.Command;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code ./do smoke-tests} says, in one line, when it can't begin on a cluster. */
@Tag("cluster")
class ClusterModeTest {
  @TempDir private Path folder;

  @Test
  void shouldAskWhereTheImagesArePulledFrom() {
    var done = smokeTests(Map.of("IMAGE_REPOSITORY", ""));

    assertThat(done.status()).isEqualTo(1);
    assertThat(done.output().lines())
        .hasSize(2)
        .last()
        .asString()
        .contains("IMAGE_REPOSITORY says where from");
  }

  @Test
  void shouldSayThatThereIsNoKubectl() {
    var done = smokeTests(Map.of("KUBECTL", folder.resolve("kubectl").toString()));

    assertThat(done.status()).isEqualTo(1);
    assertThat(done.output().lines()).hasSize(2).last().asString().contains("no " + folder);
  }

  @Test
  void shouldSayThatTheClusterCanNotBeReached() throws IOException {
    String address;
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      address = "https://127.0.0.1:" + socket.getLocalPort();
    }
    var config = folder.resolve("kubeconfig");
    Files.writeString(
        config,
        """
        {"apiVersion": "v1", "kind": "Config", "current-context": "gone",
         "contexts": [{"name": "gone", "context": {"cluster": "gone", "user": "gone"}}],
         "clusters": [{"name": "gone", "cluster": {"server": "%s"}}],
         "users": [{"name": "gone", "user": {"token": "none"}}]}\
        """
            .formatted(address));

    var done = smokeTests(Map.of("KUBECONFIG", config.toString()));

    assertThat(done.status()).isEqualTo(1);
    assertThat(done.output().lines())
        .hasSize(2)
        .last()
        .asString()
        .contains("the cluster of KUBECONFIG can't be reached: ", "refused");
  }

  private static Command smokeTests(Map<String, String> environment) {
    requireNonNull(System.getenv("KUBECONFIG"), "KUBECONFIG is not set");
    var words = List.of("env", "SKIP_BUILD=true", "./do", "smoke-tests");
    return Command.run(Command.checkout(), environment, words);
  }
}
