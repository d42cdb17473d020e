package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class UserAgentTest {
  @Test
  void carriesTheHostNameOfATasksPod() {
    assertThat(RunnerApi.userAgent("1.2.3", "amd64", "ccita-abc-0"))
        .isEqualTo("CircleCI-GOAT/1.2.3 (linux; amd64; ccita-abc-0)");
  }

  @Test
  void carriesEightHexadecimalDigitsElsewhere() {
    assertThat(RunnerApi.userAgent("1.2.3", "amd64", "laptop"))
        .matches("CircleCI-GOAT/1\\.2\\.3 \\(linux; amd64; [0-9a-f]{8}\\)");
    assertThat(UserAgent.of("1", "amd64", "", 0xab)).endsWith("; 000000ab)");
  }

  @Test
  void namesProcessorsAsGoDoes() {
    assertThat(UserAgent.of("1", "x86_64", "", 0)).contains("; amd64;");
    assertThat(UserAgent.of("1", "aarch64", "", 0)).contains("; arm64;");
    assertThat(UserAgent.of("1", "arm64", "", 0)).contains("; arm64;");
  }

  @Test
  void keepsAHostNameOutThatIsNoneToTheLetter() {
    assertThat(UserAgent.of("1", "amd64", "ccita-\r\nX: y", 1)).endsWith("; 00000001)");
  }
}
