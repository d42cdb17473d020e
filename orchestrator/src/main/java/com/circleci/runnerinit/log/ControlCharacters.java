package com.circleci.runnerinit.log;

import java.util.HexFormat;

/**
 * Escapes what could break a line in two, drive a terminal or not be seen, so that no value can
 * forge a line or pass for another.
 */
public final class ControlCharacters {
  /**
   * First and last of each range: the categories Cc, Cf, Cs, Zl and Zp, and what Unicode calls
   * Default_Ignorable_Code_Point (fillers, variation selectors, tags).
   */
  private static final int[] UNSEEN = {
    0x0, 0x1f, 0x7f, 0x9f, 0xad, 0xad, 0x34f, 0x34f, 0x600, 0x605, 0x61c, 0x61c, 0x6dd, 0x6dd,
    0x70f, 0x70f, 0x890, 0x891, 0x8e2, 0x8e2, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180f,
    0x200b, 0x200f, 0x2028, 0x202e, 0x2060, 0x206f, 0x3164, 0x3164, 0xd800, 0xdfff, 0xfe00, 0xfe0f,
    0xfeff, 0xfeff, 0xffa0, 0xffa0, 0xfff0, 0xfffb, 0x110bd, 0x110bd, 0x110cd, 0x110cd, 0x13430,
    0x1343f, 0x1bca0, 0x1bca3, 0x1d173, 0x1d17a, 0xe0000, 0xe0fff
  };

  private ControlCharacters() {}

  /**
   * The text with its control characters written as escapes. A lone surrogate from U+DC80 to U+DCFF
   * stands for a byte that was no UTF-8, and is shown as that byte, {@code \xHH}.
   */
  public static String escape(String text) {
    return escape(text, "\\x");
  }

  /** The same within JSON, which has no escape for a byte: its backslash is part of the value. */
  static String escapeJson(String json) {
    return escape(json, "\\\\x");
  }

  private static String escape(String text, String byteMark) {
    StringBuilder escaped = new StringBuilder(text.length() + 32);
    int c;
    for (int i = 0; i < text.length(); i += Character.charCount(c)) {
      c = text.codePointAt(i);
      switch (c) {
        case '\n' -> escaped.append("\\n");
        case '\r' -> escaped.append("\\r");
        case '\t' -> escaped.append("\\t");
        default -> {
          if (c >= 0xdc80 && c <= 0xdcff) {
            escaped.append(byteMark).append(HexFormat.of().toHexDigits((byte) c));
          } else if (isUnseen(c)) {
            for (char unit : Character.toChars(c)) {
              escaped.append("\\u").append(HexFormat.of().toHexDigits(unit));
            }
          } else {
            escaped.appendCodePoint(c);
          }
        }
      }
    }
    return escaped.toString();
  }

  private static boolean isUnseen(int c) {
    int range = 0;
    while (range < UNSEEN.length && c > UNSEEN[range + 1]) {
      range += 2;
    }
    return range < UNSEEN.length && c >= UNSEEN[range];
  }
}
