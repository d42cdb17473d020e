package com.circleci.runnerinit.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FakeRunnerApiMainTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void shouldPrintEachCallUntilItsInputEnds(@TempDir Path folder) throws Exception {
    var portFile = folder.resolve("port");
    var input = new PipedOutputStream();
    var in = new PipedInputStream(input);
    var main =
        CompletableFuture.supplyAsync(
            () -> run(in, "--port-file", portFile.toString(), "--fail=503"));
    Await.until("the port", () -> Files.exists(portFile));

    assertThat(postTo(Integer.parseInt(Files.readString(portFile)))).isEqualTo(503);
    input.close();
    var exit = main.join();

    assertThat(exit).isZero();
    assertThat(out.toString(UTF_8))
        .matches("\\d\\d:.* POST /api/v2/task/event/fail -> 503 message=it broke\n")
        .doesNotContain("secret");
  }

  @Test
  void shouldRefuseAnArgumentThatItDoesNotKnow() {
    assertThat(run(new PipedInputStream(), "--bogus")).isEqualTo(80);
    assertThat(err.toString(UTF_8)).contains("--bogus");
  }

  private static int postTo(int port) throws Exception {
    try (var client = HttpClient.newHttpClient()) {
      var request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + Route.FAIL.path()))
              .header("Authorization", "Bearer secret")
              .POST(BodyPublishers.ofString("{\"message\":\"aXQgYnJva2U=\"}"));
      return client.send(request.build(), BodyHandlers.discarding()).statusCode();
    }
  }

  private int run(PipedInputStream in, String... args) {
    try {
      return FakeRunnerApiMain.run(
          List.of(args), in, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
