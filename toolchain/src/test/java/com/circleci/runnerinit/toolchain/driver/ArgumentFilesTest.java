package com.circleci.runnerinit.toolchain.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArgumentFilesTest {
  @Test
  void splitsAtWhiteSpaceAndKeepsWhatIsQuoted() {
    String text = "-cp 'a b.jar'  # a comment\n--static\n\"-DX=\\\"y\\\\z\\\"\" C:\\x";

    assertThat(ArgumentFiles.split(text))
        .containsExactly("-cp", "a b.jar", "--static", "-DX=\"y\\z\"", "C:\\x");
  }

  @Test
  void readsBackWhatItQuoted() {
    for (String arg :
        List.of("plain", "with space", "back\\slash", "\"quoted\"", "", "a#b", "é\n")) {
      assertThat(ArgumentFiles.split(ArgumentFiles.quoted(arg))).containsExactly(arg);
    }
  }

  @Test
  void refusesAQuoteWithoutAnEnd() {
    assertThatThrownBy(() -> ArgumentFiles.split("'a b")).isInstanceOf(UsageException.class);
  }

  @Test
  void expandsFilesInPlace(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("args"), "-Os\n--static\n");

    assertThat(ArgumentFiles.expand(List.of("-g", "@" + file, "Main", "@@literal")))
        .containsExactly("-g", "-Os", "--static", "Main", "@literal");
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> ArgumentFiles.expand(List.of("@nowhere")))
        .isInstanceOf(UsageException.class)
        .hasMessage("no such argument file: nowhere");
  }
}
