package com.circleci.runnerinit.health;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.health.ParsedRequest.Refused;
import com.circleci.runnerinit.health.ParsedRequest.Request;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestParserTest {
  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "\r\n"})
  void shouldRefuseWhatHoldsNoRequestLine(String head) {
    assertThat(parse(head)).isEqualTo(new Refused(400));
  }

  @ParameterizedTest
  @CsvSource({
    "/live, /live",
    "/live?a=b&c, /live",
    "/live#top, /live",
    "http://10.0.0.1:7623/ready?x, /ready",
    "http://[::1]/ready, /ready",
    "http://x, /",
    "*, *",
    "/%zz?q, /%zz",
  })
  void shouldTakeThePathOutOfTheTarget(String target, String path) {
    assertThat(parse("GET " + target + " HTTP/1.1\nHost: x\n\n"))
        .isEqualTo(new Request("GET", path, true));
  }

  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1, '', true",
    "HTTP/1.1, 'Connection: close', false",
    "HTTP/1.1, 'Connection: x, CLOSE', false",
    "HTTP/1.1, 'Connection: keep-alive', true",
    "HTTP/1.0, '', false",
    "HTTP/1.0, 'Connection: Keep-Alive', true",
    "HTTP/1.0, 'Connection: keep-alive, close', false",
    "HTTP/1.7, '', true",
  })
  void shouldFollowTheRulesOfPersistence(String version, String header, boolean persistent) {
    String head =
        "GET / " + version + "\r\nHost: x\r\n" + (header.isEmpty() ? "" : header + "\r\n");
    assertThat(parse(head + "\r\n")).isEqualTo(new Request("GET", "/", persistent));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 1", "Transfer-Encoding: chunked"})
  void shouldEndTheConnectionOfARequestWithABody(String header) {
    assertThat(parse("POST / HTTP/1.1\r\nHost: x\r\n" + header + "\r\n\r\n"))
        .isEqualTo(new Request("POST", "/", false));
  }

  @Test
  void shouldGoOnAfterAnEmptyBody() {
    assertThat(parse("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"))
        .isEqualTo(new Request("GET", "/", true));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/x.y\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1 x\r\nHost: x\r\n\r\n",
        "GET / FTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n: no name\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET http://x:99999/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "\r\r\n\r\n",
      })
  void shouldRefuseGarbage(String head) {
    assertThat(parse(head)).isEqualTo(new Refused(400));
  }

  @Test
  void shouldRefuseAnUnknownTransferEncoding() {
    assertThat(parse("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: zip\r\n\r\n"))
        .isEqualTo(new Refused(501));
  }

  @Test
  void shouldRefuseAnotherMajorVersion() {
    assertThat(parse("PRI * HTTP/2.0\r\n\r\n")).isEqualTo(new Refused(505));
  }

  @Test
  void shouldRefuseTooManyHeaders() {
    assertThat(parse("GET / HTTP/1.1\r\n" + "a: b\r\n".repeat(200) + "\r\n"))
        .isEqualTo(new Refused(431));
  }

  @Test
  void shouldNeverThrowWhateverTheBytes() {
    byte[] seed =
        String.join(
                "\r\n",
                "GET http://u@h:80/live?q#f HTTP/1.1",
                "Host: h",
                "Connection: close, x",
                "Content-Length: 0",
                "Transfer-Encoding: chunked",
                " folded",
                "",
                "")
            .getBytes(ISO_8859_1);
    Random random = new Random(7623);
    for (int i = 0; i < 50_000; i++) {
      byte[] head = seed.clone();
      for (int changes = 1 + random.nextInt(6); changes > 0; changes--) {
        head[random.nextInt(head.length)] = (byte) random.nextInt();
      }
      assertThat(RequestParser.parse(head)).isNotNull();
    }
  }

  private static ParsedRequest parse(String head) {
    return RequestParser.parse(head.getBytes(ISO_8859_1));
  }
}
