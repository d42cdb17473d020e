package com.circleci.runnerinit.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.testing.HttpReply;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessagesTest {
  private static final String GET_LIVE = "GET /live HTTP/1.1\r\nHost: x\r\n\r\n";

  private Served served;

  @BeforeEach
  void start() throws IOException {
    served = Served.start();
  }

  @AfterEach
  void stop() {
    served.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /live HTTP/1.0\r\n\r\n",
        "GET /live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET /live HTTP/1.1\r\nHost: x\r\n\r\n",
        "\r\n\r\nGET /live HTTP/1.1\nHost: x\n\n",
        "GET /live HTTP/1.1\r\nHost: x\r\n\r\nGET /live HTTP/1.1\r\nHost: x\r\n\r\n",
      })
  void shouldCloseAfterItsAnswerToTheFirstRequest(String request) throws IOException {
    try (Client client = served.connect()) {
      HttpReply response = client.exchange(request);

      assertThat(response.status()).isEqualTo(200);
      assertThat(response.header("connection")).hasValue("close");
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void shouldDateEveryAnswer() throws IOException {
    assertThat(served.get("/live").header("date").orElseThrow())
        .matches("\\w{3}, \\d\\d \\w{3} \\d{4} .{8} GMT");
  }

  @Test
  void shouldAnswerARequestThatArrivesByteByByte() throws IOException {
    try (Client client = served.connect()) {
      for (int i = 0; i < GET_LIVE.length(); i++) {
        client.send(GET_LIVE.substring(i, i + 1));
      }
      assertThat(client.read().status()).isEqualTo(200);
    }
  }

  @Test
  void shouldAnswerAClientThatHasClosedItsOwnSide() throws IOException {
    try (Client client = served.connect()) {
      client.send(GET_LIVE);
      client.socket.shutdownOutput();

      assertThat(client.read().status()).isEqualTo(200);
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void shouldCloseAfterAClientThatSaidNothing() throws IOException {
    try (Client client = served.connect()) {
      client.socket.shutdownOutput();
      assertThat(client.isEnded()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Content-Length: 9, garbage 1",
    "'Transfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n'",
  })
  void shouldAnswerButNotReadARequestsBody(String header, String body) throws IOException {
    try (Client client = served.connect()) {
      HttpReply response =
          client.exchange("POST /live HTTP/1.1\r\nHost: x\r\n" + header + "\r\n\r\n" + body);

      assertThat(response.status()).isEqualTo(405);
      assertThat(response.header("connection")).hasValue("close");
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void shouldDeliverItsAnswerToAClientThatStillSends() throws IOException {
    try (Client client = served.connect()) {
      client.send("POST /live HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
      client.send("x".repeat(1_000_000));

      assertThat(client.read().status()).isEqualTo(405);
      assertThat(client.isEnded()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'garbage\r\n\r\n', 400",
    "'\u0016\u0003\u0001\u0002', 400",
    "'\u0000\u0000\u0000\u0000', 400",
    "'GET /live\r\n\r\n', 400",
    "'GET /live HTTP/1.1\r\n\r\n', 400",
    "'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505",
    "'GET /live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: zip\r\n\r\n', 501",
  })
  void shouldRefuseGarbageAndClose(String bytes, int status) throws IOException {
    try (Client client = served.connect()) {
      HttpReply response = client.exchange(bytes);

      assertThat(response.status()).isEqualTo(status);
      assertThat(response.header("connection")).hasValue("close");
      assertThat(client.isEnded()).isTrue();
    }
    assertThat(served.get("/live").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET /live HTTP/1.1\r\nHost: x\r\nX: ", "GET /", "G"})
  void shouldRefuseAHeadThatNeverEnds(String beginning) throws IOException {
    try (Client client = served.connect()) {
      client.send(beginning + "a".repeat(20_000));

      assertThat(client.read().status()).isEqualTo(431);
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void shouldRefuseEndlessHeaders() throws IOException {
    try (Client client = served.connect()) {
      client.send("GET /live HTTP/1.1\r\n" + "a: b\r\n".repeat(10_000));

      assertThat(client.read().status()).isEqualTo(431);
    }
  }

  @Test
  void shouldTakeAHeadUpToTheLimit() throws IOException {
    String head = "GET /live HTTP/1.1\r\nHost: x\r\nX: ";
    String padding = "a".repeat(HealthServer.HEAD_LIMIT - head.length() - 4);
    try (Client client = served.connect()) {
      assertThat(client.exchange(head + padding + "\r\n\r\n").status()).isEqualTo(200);
    }
    try (Client client = served.connect()) {
      assertThat(client.exchange(head + padding + "a\r\n\r\n").status()).isEqualTo(431);
    }
  }
}
