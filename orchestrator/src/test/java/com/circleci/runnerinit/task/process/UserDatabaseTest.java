package com.circleci.runnerinit.task.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.linux.ForeignSyscalls;
import com.circleci.runnerinit.linux.Kernel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against this machine's own database; the acceptance tests bring databases of their own. */
class UserDatabaseTest {
  private final UserDatabase database = new UserDatabase(Kernel.of(new ForeignSyscalls()));

  @Test
  void shouldFindAUserByNameAndByNumber() throws Exception {
    TaskUser root = database.find("root");

    assertThat(root.uid()).isZero();
    assertThat(root.home()).isEqualTo("/root");
    assertThat(database.find("0")).isEqualTo(root);
    assertThat(database.find("0:0").name()).isEqualTo("root");
  }

  @Test
  void shouldTakeANumberThatHasNoAccount() throws Exception {
    TaskUser user = database.find("54321:99");

    assertThat(user.uid()).isEqualTo(54321);
    assertThat(user.gid()).isEqualTo(99);
    assertThat(user.groups()).contains(99L);
    assertThat(user.environment()).containsEntry("HOME", "/").containsEntry("USER", "54321");
  }

  @ParameterizedTest
  @ValueSource(strings = {"no-such-user", "-1", "4294967295", "99999999999", "a:b", "1:", ":"})
  void shouldRefuseWhatIsNoUser(String user) {
    assertThatThrownBy(() -> database.find(user))
        .isInstanceOf(UnknownUserException.class)
        .hasMessageStartingWith("user: ");
  }
}
