package com.circleci.runnerinit.toolchain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class DebianTest {
  @Test
  void listsEachVersionOnceInTheOrderOfApt() {
    String madison =
        """
        openjdk-25 | 25.0.5+8-1~deb13u1 | http://mirror.example/debian trixie/main Sources
        openjdk-25 | 25.0.5+8-1 | http://mirror.example/debian forky/main Sources
        openjdk-25 | 25.0.5+8-1 | http://mirror.example/debian sid/main Sources
        """;

    assertThat(DebianSources.madisonVersions(madison))
        .containsExactly("25.0.5+8-1~deb13u1", "25.0.5+8-1");
  }

  @Test
  void noVersionIsListedForAPackageThatAptDoesNotKnow() {
    assertThat(DebianSources.madisonVersions("N: Unable to locate package x\n")).isEmpty();
  }

  @Test
  void takesTheMirrorsThatTheMachineUses() {
    String targets =
        """
        Google|Tools|http://tools.example/
        Debian|Debian|http://mirror.example/debian/
        Debian|Debian|http://mirror.example/debian/
        Debian|Debian-Security|http://mirror.example/debian-security/
        """;

    assertThat(DebianMirror.parse(targets))
        .contains(
            new DebianMirror(
                "http://mirror.example/debian/",
                Optional.of("http://mirror.example/debian-security/")));
  }

  @Test
  void hasNoMirrorWhenNoSourceIsDebian() {
    assertThat(DebianMirror.parse("Ubuntu|Ubuntu|http://mirror.example/ubuntu/\n")).isEmpty();
  }
}
