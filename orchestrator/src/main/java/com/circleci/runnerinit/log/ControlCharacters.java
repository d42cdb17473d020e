package com.circleci.runnerinit.log;

/**
 * Escapes what could break a line in two or drive a terminal, so that no value can forge a line.
 */
public final class ControlCharacters {
  private ControlCharacters() {}

  /** The text with its control characters written as escapes. */
  public static String escape(String text) {
    StringBuilder escaped = new StringBuilder(text.length());
    appendEscaped(escaped, text);
    return escaped.toString();
  }

  static void appendEscaped(StringBuilder line, String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append("\\t");
        default -> {
          if (isControl(c)) {
            appendHex(line, c);
          } else {
            line.append(c);
          }
        }
      }
    }
  }

  private static boolean isControl(char c) {
    boolean lineSeparator = c == '\u2028' || c == '\u2029';
    boolean bidirectional = (c >= '\u202a' && c <= '\u202e') || (c >= '\u2066' && c <= '\u2069');
    return Character.isISOControl(c) || lineSeparator || bidirectional;
  }

  private static void appendHex(StringBuilder line, char c) {
    line.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      line.append(Character.forDigit((c >> shift) & 0xf, 16));
    }
  }
}
