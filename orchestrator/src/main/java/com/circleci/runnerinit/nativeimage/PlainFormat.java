package com.circleci.runnerinit.nativeimage;

/** The part of {@link java.util.Formatter} that messages need: it fails at nothing. */
final class PlainFormat {
  private PlainFormat() {}

  /** Puts in the arguments, in their order; with {@code 0} and a width, numbers get zeros. */
  static String of(String format, Object... arguments) {
    StringBuilder text = new StringBuilder();
    int next = 0;
    int at = 0;
    while (at < format.length()) {
      char c = format.charAt(at++);
      if (c != '%') {
        text.append(c);
        continue;
      }
      int begin = at;
      while (at < format.length() && !isConversion(format.charAt(at))) {
        at++;
      }
      char conversion = at < format.length() ? format.charAt(at++) : '%';
      if (conversion == '%') {
        text.append('%');
      } else if (conversion == 'n') {
        text.append('\n');
      } else if (next < arguments.length) {
        text.append(padded(format.substring(begin, at - 1), conversion, arguments[next++]));
      }
    }
    return text.toString();
  }

  private static boolean isConversion(char c) {
    return c == '%' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static String padded(String flags, char conversion, Object argument) {
    String text = String.valueOf(argument);
    if ((conversion == 'x' || conversion == 'X') && argument instanceof Number number) {
      text =
          number instanceof Long
              ? Long.toHexString(number.longValue())
              : Integer.toHexString(number.intValue());
    }
    if (!flags.startsWith("0")) {
      return text;
    }
    int width = 0;
    for (int i = 0; i < flags.length() && Character.isDigit(flags.charAt(i)); i++) {
      width = 10 * width + flags.charAt(i) - '0';
    }
    return "0".repeat(Math.max(0, width - text.length())) + text;
  }
}
