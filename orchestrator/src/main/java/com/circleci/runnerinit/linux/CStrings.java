package com.circleci.runnerinit.linux;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Byte strings as the kernel has them, each ended by a NUL.
 *
 * <p>Arguments, variables and paths are any bytes. As a text, each byte that is no part of valid
 * UTF-8 is a lone surrogate, U+DC80 to U+DCFF, which no valid UTF-8 gives: so every text is encoded
 * back to the bytes that it was decoded from.
 */
public final class CStrings {
  private static final int ESCAPE = 0xdc00;
  private static final char FIRST_ESCAPED = '\udc80';
  private static final char LAST_ESCAPED = '\udcff';
  private static final char REPLACEMENT = '\ufffd';

  private CStrings() {}

  public static String decode(byte[] string) {
    String text = new String(string, UTF_8);
    return text.indexOf(REPLACEMENT) < 0 ? text : decodeEscaping(string);
  }

  private static String decodeEscaping(byte[] string) {
    CharsetDecoder decoder = UTF_8.newDecoder();
    ByteBuffer bytes = ByteBuffer.wrap(string);
    // No byte becomes more than one character.
    CharBuffer text = CharBuffer.allocate(string.length);
    CoderResult result = decoder.decode(bytes, text, true);
    while (result.isMalformed()) {
      for (int i = 0; i < result.length(); i++) {
        text.put((char) (ESCAPE | (bytes.get() & 0xff)));
      }
      result = decoder.decode(bytes, text, true);
    }
    return text.flip().toString();
  }

  public static byte[] encode(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    int done = 0;
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (Character.isHighSurrogate(c)) {
        at++; // its other half is no escape
      } else if (c >= FIRST_ESCAPED && c <= LAST_ESCAPED) {
        bytes.writeBytes(text.substring(done, at).getBytes(UTF_8));
        bytes.write(c);
        done = at + 1;
      }
    }
    bytes.writeBytes(text.substring(done).getBytes(UTF_8));
    return bytes.toByteArray();
  }

  /** A text in which what stands for a byte, or for half a character, is U+FFFD. */
  public static String withoutEscapes(String text) {
    StringBuilder whole = new StringBuilder(text);
    for (int at = 0; at < whole.length(); at++) {
      int codePoint = whole.codePointAt(at);
      if (Character.isSupplementaryCodePoint(codePoint)) {
        at++;
      } else if (Character.isSurrogate((char) codePoint)) {
        whole.setCharAt(at, REPLACEMENT);
      }
    }
    return whole.toString();
  }

  /** Splits a run of strings at their NULs. */
  static List<byte[]> split(byte[] run) {
    List<byte[]> strings = new ArrayList<>();
    int begin = 0;
    for (int i = 0; i < run.length; i++) {
      if (run[i] == 0) {
        strings.add(Arrays.copyOfRange(run, begin, i));
        begin = i + 1;
      }
    }
    return strings;
  }

  static byte[] untilNul(byte[] padded) {
    int end = 0;
    while (end < padded.length && padded[end] != 0) {
      end++;
    }
    return Arrays.copyOf(padded, end);
  }
}
