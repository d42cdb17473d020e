package com.circleci.runnerinit.nativeimage;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;

/**
 * The JDK's log of TLS messages, turned off for good. It is turned on by a system property, which
 * nobody can set for the executable; and it drags in the formatting of dates, numbers and texts of
 * all languages.
 */
@TargetClass(className = "sun.security.ssl.SSLLogger")
@Substitute
@SuppressWarnings({"unused", "checkstyle", "ConstantField"}) // the names are the JDK's
final class SilentTlsLog {
  @Substitute public static boolean isOn;

  private SilentTlsLog() {}

  @Substitute
  static boolean isOn(String checkPoints) {
    return false;
  }

  @Substitute
  static void severe(String message, Object... parameters) {}

  @Substitute
  static void warning(String message, Object... parameters) {}

  @Substitute
  static void info(String message, Object... parameters) {}

  @Substitute
  static void fine(String message, Object... parameters) {}

  @Substitute
  static void finer(String message, Object... parameters) {}

  @Substitute
  static void finest(String message, Object... parameters) {}

  @Substitute
  static String toString(Object... parameters) {
    return "";
  }

  @Substitute
  static boolean logWarning(String option, String message) {
    return false;
  }
}
