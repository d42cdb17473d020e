package com.circleci.runnerinit.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class FaultsTest {
  /** Can tell whether it is alive, and nothing else. */
  private static final class BrokenState extends FixedState {
    @Override
    public boolean isReady() {
      throw new IllegalStateException("broken");
    }

    @Override
    public Metrics metrics() {
      throw new StackOverflowError("deep");
    }
  }

  @Test
  void shouldAnswer500WhenTheStateThrows() throws IOException {
    try (Served served = Served.start(new BrokenState());
        Client client = served.connect()) {
      assertThat(client.get("/ready").status()).isEqualTo(500);
      assertThat(client.isEnded()).isTrue();
      assertThat(served.get("/live").status()).isEqualTo(200);
    }
  }

  @Test
  void shouldCloseOnlyTheConnectionThatMeetsAnError() throws IOException {
    try (Served served = Served.start(new BrokenState());
        Client victim = served.connect();
        Client other = served.connect()) {
      victim.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");

      assertThat(victim.isEnded()).isTrue();
      assertThat(other.get("/live").status()).isEqualTo(200);
      assertThat(served.lines.lines().getLast())
          .contains("health: connection failed")
          .contains("error=out of stack");
    }
  }

  @Test
  void shouldTellOfItsFaultsOnceAMinute() throws IOException {
    try (Served served = Served.start(new BrokenState())) {
      for (int i = 0; i < 20; i++) {
        assertThat(served.get("/ready").status()).isEqualTo(500);
      }
      assertThat(served.lines.lines()).hasSize(2);

      served.advance(Duration.ofMinutes(1));
      assertThat(served.get("/ready").status()).isEqualTo(500);

      assertThat(served.lines.lines()).hasSize(3);
      assertThat(served.lines.lines().getLast())
          .contains("health: request failed")
          .contains("app.untold=19")
          .contains("error=internal error, please report it");
    }
  }
}
