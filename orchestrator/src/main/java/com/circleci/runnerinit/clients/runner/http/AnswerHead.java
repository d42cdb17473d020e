package com.circleci.runnerinit.clients.runner.http;

import java.io.IOException;
import java.io.InputStream;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.BasicHttpTransportMetrics;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseParser;
import org.apache.hc.core5.http.impl.io.SessionInputBufferImpl;
import org.jspecify.annotations.Nullable;

/**
 * Reads the head of an answer. What the server sent is never part of a message: it may be the
 * request, token included.
 */
final class AnswerHead {
  private static final int BUFFER_BYTES = 8192;
  private static final int SWITCHING_PROTOCOLS = 101;
  private static final Http1Config BOUNDS =
      Http1Config.custom()
          .setBufferSize(BUFFER_BYTES)
          .setMaxLineLength(BUFFER_BYTES)
          .setMaxHeaderCount(100)
          .build();

  private AnswerHead() {}

  /** Reads to the end of the final answer's head, past informational ones. */
  static ClassicHttpResponse read(InputStream stream) throws IOException {
    BoundedInput input = new BoundedInput(stream);
    SessionInputBufferImpl buffer =
        new SessionInputBufferImpl(
            new BasicHttpTransportMetrics(), BUFFER_BYTES, BUFFER_BYTES, BUFFER_BYTES, null);
    while (true) {
      ClassicHttpResponse head = parse(buffer, input);
      if (head == null) {
        throw new ExchangeException("EOF (the server closed the connection without an answer)");
      }
      if (input.ended()) {
        // The parser takes the end of the stream for the end of the head.
        throw new ExchangeException("unexpected EOF (the server's answer broke off in its head)");
      }
      if (head.getCode() >= 200 || head.getCode() == SWITCHING_PROTOCOLS) {
        return head;
      }
    }
  }

  private static @Nullable ClassicHttpResponse parse(
      SessionInputBufferImpl buffer, BoundedInput input) throws IOException {
    try {
      return new DefaultHttpResponseParser(BOUNDS).parse(buffer, input);
    } catch (MessageConstraintException e) {
      throw new ExchangeException("the head of the server's answer is too large");
    } catch (HttpException | IllegalArgumentException e) {
      // The second for a status of zero.
      throw new ExchangeException("malformed HTTP response");
    }
  }
}
