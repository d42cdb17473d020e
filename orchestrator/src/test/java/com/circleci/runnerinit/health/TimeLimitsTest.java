package com.circleci.runnerinit.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.circleci.runnerinit.testing.HttpReply;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TimeLimitsTest {
  private static final Duration ALMOST = HealthServer.LIMIT.minusMillis(1);
  private static final Duration REST = Duration.ofMillis(1);

  private Served served;

  @BeforeEach
  void start() throws IOException {
    served = Served.start();
  }

  @AfterEach
  void stop() {
    served.close();
  }

  @Test
  void shouldCloseAConnectionThatStaysSilent() throws IOException {
    try (Client client = served.connect()) {
      pass(ALMOST);
      assertThat(client.get("/live").status()).isEqualTo(200);
    }
    try (Client client = served.connect()) {
      pass(ALMOST.plus(REST));
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void shouldNotLetSlowBytesExtendTheTime() throws IOException {
    try (Client client = served.connect()) {
      client.send("GET /live");
      pass(ALMOST);
      client.send(" HTTP");
      pass(REST);

      assertThat(client.read().status()).isEqualTo(408);
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void shouldNotLetEmptyLinesExtendTheTime() throws IOException {
    try (Client client = served.connect()) {
      client.send("\r\n\r\n");
      pass(ALMOST);
      client.send("\r\n");
      pass(REST);

      assertThat(client.read().status()).isEqualTo(408);
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void shouldNotBeHeldUpByEndlessEmptyLines() throws Exception {
    try (Client client = served.connect()) {
      Thread flood =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  while (true) {
                    client.send("\r\n".repeat(50_000));
                  }
                } catch (IOException e) {
                  // Closed at last.
                }
              });
      pass(HealthServer.LIMIT);
      flood.join();
    }
  }

  @Test
  void shouldGiveUpOnAClientThatTakesNoAnswer() throws IOException {
    serveALongAnswer();
    try (Client client = served.connect()) {
      client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
      HttpReply head = client.readHead();
      assertThat(head.status()).isEqualTo(200);

      pass(HealthServer.LIMIT);

      long rest = 0;
      try {
        rest = client.socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
      } catch (IOException e) {
        // A reset is as good.
      }
      assertThat(rest).isLessThan(Long.parseLong(head.header("content-length").orElseThrow()));
    }
  }

  @Test
  void shouldGoOnServingWhileAClientTakesItsAnswerSlowly() throws IOException {
    serveALongAnswer();
    try (Client client = served.connect()) {
      client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
      pass(ALMOST);

      assertThat(client.read().status()).isEqualTo(200);
    }
  }

  @Test
  void shouldNotWaitForEverForAClientToCloseItsSide() throws IOException {
    try (Client client = served.connect()) {
      assertThat(client.exchange("GET /live HTTP/1.0\r\n\r\n").status()).isEqualTo(200);
      assertThat(client.isEnded()).isTrue();
      pass(HealthServer.LIMIT);

      // The connection is gone on both sides: what is sent now is answered with a reset.
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> {
            for (int i = 0; i < 1000; i++) {
              client.send("x");
              pass(Duration.ZERO);
            }
          });
    }
  }

  private void serveALongAnswer() {
    Metrics metrics = FixedState.METRICS;
    served.state.metrics =
        new Metrics(
            "x".repeat(32 << 20),
            metrics.childrenRunning(),
            metrics.orphansReaped(),
            Map.of(),
            Map.of(),
            metrics.uptime(),
            metrics.version(),
            metrics.buildDate());
  }

  /** Lets time pass, with whatever was sent before it seen before it. */
  private void pass(Duration time) throws IOException {
    assertThat(served.get("/live").status()).isEqualTo(200);
    served.advance(time);
    assertThat(served.get("/live").status()).isEqualTo(200);
  }
}
