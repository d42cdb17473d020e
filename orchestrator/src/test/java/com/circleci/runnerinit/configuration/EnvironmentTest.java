package com.circleci.runnerinit.configuration;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.CStrings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvironmentTest {
  @Test
  void shouldKeepBytesThatAreNoUtf8InWhatIsMadeOfThem() {
    Environment environment = environment("PATH=/usr/bin:/caf\u00e9", "\u00ff=1", "A=\u00e9");

    String path = environment.get("PATH").orElseThrow() + ":/agent";

    assertThat(bytes(environment.forChild(Map.of("PATH", path))))
        .containsExactly("\u00ff=1", "A=\u00e9", "PATH=/usr/bin:/caf\u00e9:/agent");
    assertThat(environment.get(CStrings.decode(new byte[] {(byte) 0xff}))).contains("1");
  }

  @Test
  void shouldHandNothingOfItsOwnToAChild() {
    Environment environment =
        environment("CIRCLECI_GOAT_CONFIG={}", "CIRCLECI_GOAT=1", "CIRCLECI=1");

    assertThat(bytes(environment.forChild(Map.of("B", "2")))).containsExactly("CIRCLECI=1", "B=2");
    assertThat(environment.withoutOwn()).containsExactly(Map.entry("CIRCLECI", "1"));
    assertThat(bytes(environment.with(Map.of("CIRCLECI_GOAT_CONFIG", "[]"))))
        .containsExactly("CIRCLECI_GOAT=1", "CIRCLECI=1", "CIRCLECI_GOAT_CONFIG=[]");
  }

  @Test
  void shouldTakeTheFirstOfTwoEntriesAndPassOnWhatIsNoVariable() {
    Environment environment = environment("A=1", "A=2", "=x", "novalue");

    assertThat(environment.get("A")).contains("1");
    assertThat(environment.get("")).isEmpty();
    assertThat(bytes(environment.forChild(Map.of())))
        .containsExactly("A=1", "A=2", "=x", "novalue");
  }

  private static Environment environment(String... entries) {
    return new Environment(
        List.of(entries).stream().map(entry -> entry.getBytes(ISO_8859_1)).toList());
  }

  private static List<String> bytes(List<byte[]> entries) {
    return entries.stream().map(entry -> new String(entry, ISO_8859_1)).toList();
  }
}
