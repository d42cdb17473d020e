package com.circleci.runnerinit.task.resources;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MembershipTest {
  @Test
  void shouldKnowThePathOfEachController() {
    Membership membership = Membership.parse("5:cpu,cpuacct:/a\n4:memory:/b:c\n0::/unified\n");

    assertThat(membership.path("cpu")).isEqualTo("/a");
    assertThat(membership.path("cpuacct")).isEqualTo("/a");
    assertThat(membership.path("memory")).isEqualTo("/b:c");
    assertThat(membership.path("")).isEqualTo("/unified");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0::/../sibling", "0::relative", "nonsense", "0:", "\n\n"})
  void shouldTakeTheRootForWhatItDoesNotKnow(String text) {
    assertThat(Membership.parse(text).path("")).isEqualTo("/");
  }
}
