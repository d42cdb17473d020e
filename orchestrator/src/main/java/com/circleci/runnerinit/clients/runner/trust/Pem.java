package com.circleci.runnerinit.clients.runner.trust;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** The certificates in a text of PEM (RFC 7468); whatever stands between them is skipped. */
final class Pem {
  private static final String BEGIN = "-----BEGIN CERTIFICATE-----";
  private static final String END = "-----END CERTIFICATE-----";

  private Pem() {}

  static Bundle certificates(byte[] content) {
    String text = new String(content, StandardCharsets.ISO_8859_1);
    Bundle bundle = new Bundle();
    int begin = text.indexOf(BEGIN);
    while (begin >= 0) {
      // The dashes of one line are not those of the other.
      int end = text.indexOf(END, begin + BEGIN.length());
      if (end < 0) {
        break;
      }
      int next = text.indexOf(BEGIN, begin + BEGIN.length());
      if (next < 0 || next > end) {
        decode(text.substring(begin + BEGIN.length(), end), bundle);
      }
      begin = next;
    }
    return bundle;
  }

  private static void decode(String base64, Bundle bundle) {
    try {
      bundle.add(ByteBuffer.wrap(Base64.getMimeDecoder().decode(base64)));
    } catch (IllegalArgumentException e) {
      // One bad entry must not make the others useless.
    }
  }
}
