package com.circleci.runnerinit.clients.runner.http;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A stream of which no more than 64 KiB are read. */
final class BoundedInput extends FilterInputStream {
  private static final int MAX_BYTES = 64 << 10;

  private int left = MAX_BYTES;
  private boolean ended;

  BoundedInput(InputStream in) {
    super(in);
  }

  /** Whether the end of the stream has been seen. */
  boolean ended() {
    return ended;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (left == 0) {
      throw new ExchangeException("the head of the server's answer is larger than 64 KiB");
    }
    int read = super.read(bytes, offset, Math.min(length, left));
    if (read < 0) {
      ended = true;
    } else {
      left -= read;
    }
    return read;
  }
}
