package com.circleci.runnerinit.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class CommandWordsTest {
  @Test
  void shouldSplitAtWhiteSpace() {
    assertThat(CommandWords.split(" a  b\tc\n")).containsExactly("a", "b", "c");
    assertThat(CommandWords.split("")).isEmpty();
  }

  @Test
  void shouldHonourQuotes() {
    assertThat(CommandWords.split("'a b' \"c \\\" d\" e\\ f g'h'i ''"))
        .containsExactly("a b", "c \" d", "e f", "ghi", "");
    assertThat(CommandWords.split("'a\\b' \"c\\d\"")).containsExactly("a\\b", "c\\d");
  }

  @Test
  void shouldRefuseAnOpenQuote() {
    assertThatThrownBy(() -> CommandWords.split("a 'b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a quote (') is not closed");
  }
}
