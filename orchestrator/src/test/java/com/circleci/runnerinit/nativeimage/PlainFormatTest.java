package com.circleci.runnerinit.nativeimage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainFormatTest {
  /** As in the JDK and in the libraries of this program. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "radix %s less than Character.MIN_RADIX",
        "%d of %d, 100%%%n",
        "\\u%04x",
        "0x%X",
        "%s %S",
        "plain"
      })
  void shouldSayWhatTheJdkSays(String format) {
    for (Object[] arguments : new Object[][] {{7, 8}, {31, 127}, {300L, 5L}}) {
      assertThat(PlainFormat.of(format, arguments))
          .isEqualToIgnoringCase(String.format(format, arguments));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"%", "%s %s %s %s", "%-20.3f", "%1$s", "%0999999d", "%z", ""})
  void shouldFailAtNothing(String format) {
    assertDoesNotThrow(() -> PlainFormat.of(format, 1, "two"));
    assertDoesNotThrow(() -> PlainFormat.of(format));
  }

  @Test
  void shouldSayNull() {
    assertThat(PlainFormat.of("%s", new Object[] {null})).isEqualTo("null");
  }
}
