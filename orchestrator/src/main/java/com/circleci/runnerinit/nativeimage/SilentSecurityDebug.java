package com.circleci.runnerinit.nativeimage;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import org.jspecify.annotations.Nullable;

/** The JDK's debugging output of its security classes, turned off like {@link SilentTlsLog}. */
@TargetClass(className = "sun.security.util.Debug")
@SuppressWarnings("unused") // the names are the JDK's
final class SilentSecurityDebug {
  private SilentSecurityDebug() {}

  @Substitute
  static boolean isOn(String option) {
    return false;
  }

  @Substitute
  static boolean isVerbose() {
    return false;
  }

  @Substitute
  static @Nullable SilentSecurityDebug getInstance(String option) {
    return null;
  }

  @Substitute
  static @Nullable SilentSecurityDebug getInstance(String option, String prefix) {
    return null;
  }

  @Substitute
  static @Nullable SilentSecurityDebug of(String prefix, String property) {
    return null;
  }
}
