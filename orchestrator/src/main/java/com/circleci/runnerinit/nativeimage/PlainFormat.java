package com.circleci.runnerinit.nativeimage;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import java.util.Locale;

/**
 * {@link String#format} as the JDK and the libraries use it: in messages, with texts, and with
 * decimal or hexadecimal numbers; it fails at nothing. The JDK's own brings in numbers, dates and
 * currencies in the way of every language. This program has no use of it elsewhere; {@code
 * ArchitectureTest} sees to it.
 */
final class PlainFormat {
  private PlainFormat() {}

  @TargetClass(String.class)
  static final class OfString {
    private OfString() {}

    @Substitute
    static String format(String format, Object... arguments) {
      return of(format, arguments);
    }

    @Substitute
    static String format(Locale locale, String format, Object... arguments) {
      return of(format, arguments);
    }

    @Substitute
    String formatted(Object... arguments) {
      return of(toString(), arguments);
    }
  }

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
