package com.circleci.runnerinit.nativeimage;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;

/**
 * {@link String#format} as the JDK and the libraries use it: in messages, with texts, and with
 * decimal or hexadecimal numbers. The JDK's own brings in numbers, dates and currencies in the way
 * of every language. This program has no use of it elsewhere; {@code ArchitectureTest} sees to it.
 */
@TargetClass(String.class)
final class PlainFormatting {
  private PlainFormatting() {}

  @Substitute
  static String format(String format, Object... arguments) {
    return PlainFormat.of(format, arguments);
  }

  @Substitute
  static String format(java.util.Locale locale, String format, Object... arguments) {
    return PlainFormat.of(format, arguments);
  }

  @Substitute
  String formatted(Object... arguments) {
    return PlainFormat.of(toString(), arguments);
  }
}
