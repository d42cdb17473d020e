package com.circleci.runnerinit.health;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseWriter;
import org.apache.hc.core5.http.impl.io.SessionOutputBufferImpl;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;

/** Puts an answer into an HTTP/1.1 message. */
final class AnswerWriter {
  private static final int BUFFER_SIZE = 512;

  private AnswerWriter() {}

  /**
   * @param persistent whether the connection goes on
   * @param bodiless whether the body is only described, for HEAD
   */
  static ByteBuffer write(Answer answer, boolean persistent, boolean bodiless) {
    byte[] body = answer.body().getBytes(UTF_8);
    ClassicHttpResponse response = new BasicClassicHttpResponse(answer.status());
    response.addHeader(HttpHeaders.DATE, HttpDate.format(Instant.now().getEpochSecond()));
    response.addHeader(HttpHeaders.CONTENT_TYPE, answer.contentType());
    response.addHeader(HttpHeaders.CONTENT_LENGTH, body.length);
    response.addHeader(HttpHeaders.CONNECTION, persistent ? "keep-alive" : "close");
    answer.allow().ifPresent(methods -> response.addHeader(HttpHeaders.ALLOW, methods));
    return message(response, bodiless ? new byte[0] : body);
  }

  private static ByteBuffer message(ClassicHttpResponse response, byte[] body) {
    SessionOutputBufferImpl buffer = new SessionOutputBufferImpl(BUFFER_SIZE);
    ByteArrayOutputStream message = new ByteArrayOutputStream(BUFFER_SIZE + body.length);
    try {
      new DefaultHttpResponseWriter().write(response, buffer, message);
      buffer.write(body, message);
      buffer.flush(message);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (HttpException e) {
      throw new IllegalStateException(e);
    }
    return ByteBuffer.wrap(message.toByteArray());
  }
}
