package com.circleci.runnerinit.nativeimage;

import com.oracle.svm.core.annotate.Alias;
import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import java.text.AttributedCharacterIterator;
import java.text.FieldPosition;
import java.util.List;
import java.util.Locale;

/**
 * The names of months, zones and currencies in all languages, left out: this program writes numbers
 * and the dates of ISO 8601.
 */
@TargetClass(className = "sun.util.locale.provider.LocaleProviderAdapter")
@SuppressWarnings({"unused", "DoNotCallSuggester"}) // the names are the JDK's
final class NoLocaleData {
  private NoLocaleData() {}

  @TargetClass(className = "sun.util.locale.provider.LocaleProviderAdapter", innerClass = "Type")
  static final class Type {
    private Type() {}
  }

  @Substitute
  static NoLocaleData forType(Type type) {
    throw new UnsupportedOperationException("no locale data");
  }

  @Substitute
  static NoLocaleData getResourceBundleBased() {
    throw new UnsupportedOperationException("no locale data");
  }

  @Substitute
  static NoLocaleData getAdapter(Class<?> provider, Locale locale) {
    throw new UnsupportedOperationException("no locale data");
  }

  /** A certificate's dates, when they are not now, are told with the zone: UTC. */
  @TargetClass(java.util.TimeZone.class)
  static final class TimeZone {
    private TimeZone() {}

    @Alias
    native String getID();

    @Substitute
    String getDisplayName(boolean daylight, int style, Locale locale) {
      return getID();
    }
  }

  /** What the JDK's TLS messages would be written by for {@link SilentTlsLog}. */
  @TargetClass(java.text.MessageFormat.class)
  static final class MessageFormat {
    private MessageFormat() {}

    @TargetClass(value = java.text.Format.class, innerClass = "StringBuf")
    interface Text {}

    @Substitute
    void applyPatternImpl(String pattern) {}

    @Substitute
    Text subformat(
        Object[] arguments,
        Text result,
        FieldPosition position,
        List<AttributedCharacterIterator> iterators) {
      return result;
    }
  }
}
