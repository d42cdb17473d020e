package com.circleci.runnerinit.nativeimage;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;

/**
 * The JDK's log of TLS messages, turned off for good: what nothing asks for while it is off is left
 * out. It is turned on by a system property, which nobody can set for the executable; and it drags
 * in the formatting of dates, numbers and texts of all languages.
 */
@TargetClass(className = "sun.security.ssl.SSLLogger")
@Substitute
@SuppressWarnings({"unused", "ConstantField"}) // the names are the JDK's
final class SilentTlsLog {
  @Substitute public static final boolean isOn = false;

  private SilentTlsLog() {}

  @Substitute
  static String toString(Object... parameters) {
    return "";
  }

  @Substitute
  static boolean logWarning(String option, String message) {
    return false;
  }
}
