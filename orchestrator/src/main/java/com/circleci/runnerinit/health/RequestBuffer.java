package com.circleci.runnerinit.health;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
import java.util.Optional;

/** Collects the bytes of one connection and cuts them into request heads. */
final class RequestBuffer {
  /** The longest head that is read, in bytes. */
  static final int LIMIT = 8192;

  private static final int FIRST_SIZE = 512;
  private static final byte[] NOTHING = {};

  private byte[] bytes = NOTHING;
  private int start;
  private int lineStart;
  private int scanned;
  private int end;

  /** Reads what has arrived and fits; the count of bytes, or -1 at the end of the stream. */
  int fill(ReadableByteChannel channel) throws IOException {
    makeRoom();
    int count = channel.read(ByteBuffer.wrap(bytes, end, bytes.length - end));
    if (count > 0) {
      end += count;
    }
    releaseWhenEmpty();
    return count;
  }

  /** The next whole head, its blank line included; the bytes before it are dropped. */
  Optional<byte[]> takeHead() {
    skipBlankLines();
    while (scanned < end) {
      if (bytes[scanned++] == '\n') {
        boolean blank = scanned - lineStart <= (bytes[lineStart] == '\r' ? 2 : 1);
        lineStart = scanned;
        if (blank) {
          byte[] head = Arrays.copyOfRange(bytes, start, scanned);
          start = scanned;
          releaseWhenEmpty();
          return Optional.of(head);
        }
      }
    }
    return Optional.empty();
  }

  boolean isEmpty() {
    return start == end;
  }

  boolean isFull() {
    return end - start == LIMIT;
  }

  /**
   * Whether no request can come of this, such as a TLS handshake: a method begins with a letter.
   */
  boolean isHopeless() {
    return start < end && !isLetter(bytes[start]);
  }

  /** RFC 9112 §2.2: empty lines before a request are ignored. */
  private void skipBlankLines() {
    while (start == scanned && start < end && (bytes[start] == '\r' || bytes[start] == '\n')) {
      start++;
      scanned = start;
      lineStart = start;
    }
    releaseWhenEmpty();
  }

  private void makeRoom() {
    if (end < bytes.length) {
      return;
    }
    if (start > 0) {
      System.arraycopy(bytes, start, bytes, 0, end - start);
      lineStart -= start;
      scanned -= start;
      end -= start;
      start = 0;
    } else if (end < LIMIT) {
      bytes = Arrays.copyOf(bytes, Math.clamp(bytes.length * 2L, FIRST_SIZE, LIMIT));
    }
  }

  private void releaseWhenEmpty() {
    if (start == end) {
      bytes = NOTHING;
      start = 0;
      lineStart = 0;
      scanned = 0;
      end = 0;
    }
  }

  private static boolean isLetter(byte b) {
    return (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');
  }
}
