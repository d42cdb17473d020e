package com.circleci.runnerinit.clients.runner.trust;

import java.nio.ByteBuffer;

/**
 * Reads just enough of DER (X.690) to find a certificate's names, which costs a hundredth of
 * parsing it. All reads throw {@link IllegalArgumentException} on what is not DER.
 */
final class DerReader {
  private static final int SEQUENCE = 0x30;
  private static final int VERSION = 0xa0;

  private DerReader() {}

  /** The names of a certificate (RFC 5280 §4.1), each still encoded. */
  record Names(ByteBuffer subject, ByteBuffer issuer) {}

  static Names names(ByteBuffer certificate) {
    ByteBuffer signed = content(element(certificate.slice()), SEQUENCE);
    ByteBuffer body = content(element(signed), SEQUENCE);
    ByteBuffer first = element(body);
    if ((first.get(0) & 0xff) == VERSION) {
      element(body); // serial number
    }
    element(body); // signature algorithm
    ByteBuffer issuer = element(body);
    element(body); // validity
    ByteBuffer subject = element(body);
    return new Names(subject, issuer);
  }

  /** Takes the next element, header included, off the buffer. */
  static ByteBuffer element(ByteBuffer from) {
    int begin = from.position();
    if (from.remaining() < 2) {
      throw new IllegalArgumentException("truncated element");
    }
    int length = contentLength(from);
    if (length > from.remaining()) {
      throw new IllegalArgumentException("element is longer than what holds it");
    }
    from.position(from.position() + length);
    return from.slice(begin, from.position() - begin);
  }

  private static ByteBuffer content(ByteBuffer element, int tag) {
    if ((element.get(0) & 0xff) != tag) {
      throw new IllegalArgumentException("another element was expected");
    }
    contentLength(element);
    return element;
  }

  /** Moves past a header. */
  private static int contentLength(ByteBuffer from) {
    from.get(); // tag
    int length = from.get() & 0xff;
    if (length < 0x80) {
      return length;
    }
    int lengthBytes = length & 0x7f;
    if (lengthBytes == 0 || lengthBytes > 3 || lengthBytes > from.remaining()) {
      throw new IllegalArgumentException("element's length is not DER's or too big");
    }
    length = 0;
    for (int i = 0; i < lengthBytes; i++) {
      length = length << 8 | (from.get() & 0xff);
    }
    return length;
  }
}
