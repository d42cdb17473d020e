package com.circleci.runnerinit.health;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnswersTest {
  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "\r\n"})
  void shouldRefuseWhatHoldsNoRequestLine(String head) {
    assertThat(parse(head)).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({
    "/live, 200",
    "/live?a=b&c, 200",
    "/live#top, 200",
    "http://10.0.0.1:7623/ready?x, 200",
    "http://[::1]/ready, 200",
    "http://x, 404",
    "*, 404",
    "/%zz?q, 404",
  })
  void shouldTakeThePathOutOfTheTarget(String target, int status) {
    assertThat(parse("GET " + target + " HTTP/1.1\nHost: x\n\n")).isEqualTo(status);
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
    assertThat(parse(head)).isEqualTo(400);
  }

  @Test
  void shouldRefuseAnUnknownTransferEncoding() {
    assertThat(parse("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: zip\r\n\r\n")).isEqualTo(501);
  }

  @Test
  void shouldRefuseAnotherMajorVersion() {
    assertThat(parse("PRI * HTTP/2.0\r\n\r\n")).isEqualTo(505);
  }

  @Test
  void shouldRefuseTooManyHeaders() {
    assertThat(parse("GET / HTTP/1.1\r\n" + "a: b\r\n".repeat(200) + "\r\n")).isEqualTo(431);
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
      assertThat(parse(new String(head, ISO_8859_1))).isNotEqualTo(500);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "784111777, 'Sun, 06 Nov 1994 08:49:37 GMT'",
    "0, 'Thu, 01 Jan 1970 00:00:00 GMT'",
    "1709251199, 'Thu, 29 Feb 2024 23:59:59 GMT'",
  })
  void shouldWriteImfFixdate(long unixSeconds, String expected) {
    assertThat(Answers.date(Instant.ofEpochSecond(unixSeconds))).isEqualTo(expected);
  }

  /** The status of the answer to a head. */
  private static int parse(String head) {
    Answers answers = new Answers(new FixedState(), _ -> {});
    return Integer.parseInt(answers.to(head.getBytes(ISO_8859_1)).split(" ", 3)[1]);
  }
}
