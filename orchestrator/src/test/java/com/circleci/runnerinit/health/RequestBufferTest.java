package com.circleci.runnerinit.health;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RequestBufferTest {
  private final RequestBuffer buffer = new RequestBuffer();

  @Test
  void shouldCutHeadsInOrder() throws IOException {
    arrive("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.0\n\nGET /c");

    assertThat(takeHead()).contains("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    assertThat(takeHead()).contains("GET /b HTTP/1.0\n\n");
    assertThat(takeHead()).isEmpty();
    assertThat(buffer.isEmpty()).isFalse();
  }

  @Test
  void shouldPutAHeadTogetherFromSingleBytes() throws IOException {
    String head = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

    for (int i = 0; i < head.length() - 1; i++) {
      arrive(head.substring(i, i + 1));
      assertThat(takeHead()).isEmpty();
    }
    arrive("\n");

    assertThat(takeHead()).contains(head);
    assertThat(buffer.isEmpty()).isTrue();
  }

  @Test
  void shouldIgnoreEmptyLinesBeforeARequest() throws IOException {
    arrive("\r\n\n\r\n");
    assertThat(takeHead()).isEmpty();
    assertThat(buffer.isEmpty()).isTrue();

    arrive("\r\nGET / HTTP/1.0\r\n\r\n");
    assertThat(takeHead()).contains("GET / HTTP/1.0\r\n\r\n");
  }

  @Test
  void shouldBeFullAtItsLimitAndNotReadOn() throws IOException {
    String bytes = "G".repeat(RequestBuffer.LIMIT + 100);
    var channel = Channels.newChannel(new ByteArrayInputStream(bytes.getBytes(ISO_8859_1)));

    int total = 0;
    while (!buffer.isFull()) {
      total += buffer.fill(channel);
      assertThat(takeHead()).isEmpty();
    }

    assertThat(total).isEqualTo(RequestBuffer.LIMIT);
    assertThat(buffer.fill(channel)).isZero();
  }

  @Test
  void shouldMakeRoomAfterAHeadWasTaken() throws IOException {
    String head = "GET /" + "a".repeat(RequestBuffer.LIMIT / 2) + " HTTP/1.0\r\n\r\n";
    String bytes = head.repeat(5);
    var channel = Channels.newChannel(new ByteArrayInputStream(bytes.getBytes(ISO_8859_1)));

    int heads = 0;
    while (buffer.fill(channel) > 0) {
      for (var taken = takeHead(); taken.isPresent(); taken = takeHead()) {
        assertThat(taken).contains(head);
        heads++;
      }
    }

    assertThat(heads).isEqualTo(5);
  }

  @Test
  void shouldSeeAtOnceThatATlsHandshakeIsNoRequest() throws IOException {
    arrive("\u0016\u0003\u0001");

    assertThat(takeHead()).isEmpty();
    assertThat(buffer.isHopeless()).isTrue();
  }

  @Test
  void shouldReportTheEndOfTheStream() throws IOException {
    assertThat(buffer.fill(Channels.newChannel(new ByteArrayInputStream(new byte[0]))))
        .isEqualTo(-1);
  }

  private void arrive(String bytes) throws IOException {
    var channel = Channels.newChannel(new ByteArrayInputStream(bytes.getBytes(ISO_8859_1)));
    int count = 0;
    while (count < bytes.length()) {
      count += buffer.fill(channel);
    }
  }

  private Optional<String> takeHead() {
    return buffer.takeHead().map(head -> new String(head, ISO_8859_1));
  }
}
