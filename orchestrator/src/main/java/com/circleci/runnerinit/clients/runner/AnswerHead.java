package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.net.NetworkException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.BasicHttpTransportMetrics;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseParser;
import org.apache.hc.core5.http.impl.io.SessionInputBufferImpl;

/**
 * Reads the head of an answer. What the server sent is never part of a message: it may be the
 * request, token included.
 */
final class AnswerHead {
  private static final int BUFFER_BYTES = 8192;
  private static final int MAX_BYTES = 64 << 10;
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
      ClassicHttpResponse head;
      try {
        head = new DefaultHttpResponseParser(BOUNDS).parse(buffer, input);
      } catch (MessageConstraintException e) {
        throw new NetworkException("the head of the server's answer is too large");
      } catch (HttpException | IllegalArgumentException e) {
        // The second for a status of zero.
        throw new NetworkException("malformed HTTP response");
      }
      if (head == null) {
        throw new NetworkException("EOF (the server closed the connection without an answer)");
      }
      if (input.ended) {
        // The parser takes the end of the stream for the end of the head.
        throw new NetworkException("unexpected EOF (the server's answer broke off in its head)");
      }
      if (head.getCode() >= 200 || head.getCode() == SWITCHING_PROTOCOLS) {
        return head;
      }
    }
  }

  private static final class BoundedInput extends FilterInputStream {
    private int left = MAX_BYTES;
    private boolean ended;

    BoundedInput(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (left == 0) {
        throw new NetworkException("the head of the server's answer is larger than 64 KiB");
      }
      int read = super.read(bytes, offset, Math.min(length, left));
      ended = read < 0;
      left -= Math.max(0, read);
      return read;
    }
  }
}
