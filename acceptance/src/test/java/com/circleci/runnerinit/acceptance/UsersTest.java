package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static com.circleci.runnerinit.testing.Route.UNCLAIM;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.AgentReport;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Answer;
import com.circleci.runnerinit.testing.Call;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The user that the task runs as, from the container's own files. */
@InAContainer
@Tag("kernel")
class UsersTest {
  private static final String PASSWD =
      """
      root:x:0:0:root:/root:/bin/sh
      # a comment, an empty line, and lines that are broken

      broken
      brokentoo:x:notanumber:1:::
      circleci:x:3434:3435:CircleCI,,,:/home/circleci:/bin/bash
      other:x:1001:1002::/home/other:/bin/sh
      """;
  private static final String GROUP =
      """
      root:x:0:
      circleci:x:3435:
      docker:x:999:circleci,other
      audio:x:29:other
      video:x:44:nobody,circleci
      broken:x
      wheel:x:10:circleci2,xcircleci
      """;

  @ParameterizedTest
  @ValueSource(strings = {"circleci", "3434"})
  void shouldRunTheTaskAsThatUserWithItsGroups(String user, Scenario given) {
    var report = reportOf(user, given);

    assertThat(report.userIds()).containsExactly(3434, 3434, 3434);
    assertThat(report.groupIds()).containsExactly(3435, 3435, 3435);
    assertThat(report.supplementaryGroups()).contains(999, 44).doesNotContain(0, 29, 10);
    assertThat(report.environment())
        .contains("HOME=/home/circleci", "USER=circleci", "LOGNAME=circleci");
  }

  @ParameterizedTest
  @CsvSource({
    "3434:1002, 1002",
    "circleci:1002, 1002",
    "circleci:docker, 999",
    "3434:audio, 29",
    "12345:audio, 29"
  })
  void shouldTakeTheGroupThatIsGiven(String user, int group, Scenario given) {
    var report = reportOf(user, given);

    var uid = user.startsWith("12345") ? 12345 : 3434;
    assertThat(report.userIds()).containsExactly(uid, uid, uid);
    assertThat(report.groupIds()).containsExactly(group, group, group);
  }

  /** A user namespace may deny setgroups: user_namespaces(7). */
  @ParameterizedTest
  @ValueSource(strings = {"0", "root", "0:0"})
  void shouldStayWhoItIsWhereItMayNotSetGroups(String user, Scenario given) {
    given.userNamespace();

    assertThat(reportOf(user, given).userIds()).containsExactly(0, 0, 0);
  }

  @Test
  void shouldRunAsAUidThatNoFileKnows(Scenario given) {
    var report = reportOf("12345:54321", given);

    assertThat(report.userIds()).containsExactly(12345, 12345, 12345);
    assertThat(report.groupIds()).containsExactly(54321, 54321, 54321);
  }

  @Test
  void shouldKeepTheGroupsOfThePod(Scenario given) {
    given.asUser("0:0", "2000,3000");

    assertThat(reportOf("circleci", given).supplementaryGroups()).contains(2000, 3000, 999, 44);
  }

  @Test
  void shouldReplaceTheHomeThatItWasGiven(Scenario given) {
    given.environment("HOME", "/root").environment("USER", "root");

    assertThat(reportOf("other", given).environment())
        .contains("HOME=/home/other", "USER=other", "LOGNAME=other")
        .doesNotContain("HOME=/root", "USER=root");
  }

  @Test
  void shouldStayWhoItIsWithoutAUser(Scenario given) {
    given.environment("HOME", "/root");
    given.agent("report=/out/report");

    assertThat(given.runTask().exitCode()).isZero();

    var report = given.root().report("/out/report");
    assertThat(report.userIds()).containsExactly(0, 0, 0);
    assertThat(report.environment()).contains("HOME=/root").noneMatch(v -> v.startsWith("USER="));
  }

  @Test
  void shouldRunTheCustomEntrypointAsItsOwnUser(Scenario given) {
    given.entrypoint("report=/out/service", "on-term=exit:0", "sleep=forever");
    given.root().file("/etc/passwd", PASSWD).file("/etc/group", GROUP);
    given.config().set("user", "circleci");
    given.agent("wait-file=/out/service");

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.root().report("/out/service").userIds()).containsExactly(0, 0, 0);
  }

  @Test
  void shouldHaveAChildOfAnotherUserKilledWhenItDies(Scenario given) {
    assertThat(reportOf("circleci", given).number("parent_death_signal")).isEqualTo(9);
  }

  @Test
  void shouldRunWithoutRootWhenNoUserIsAskedFor(Scenario given) {
    given.asUser("1001:1002", "2000");
    given.agent("report=/out/report", "exit=1");

    assertThat(given.runTask().exitCode()).isZero();

    var report = given.root().report("/out/report");
    assertThat(report.userIds()).containsExactly(1001, 1001, 1001);
    assertThat(report.supplementaryGroups()).contains(2000);
    assertThat(given.api().calls(FAIL)).hasSize(1);
  }

  @Test
  void shouldRunWithoutRootWhenTheUserIsTheCurrentOne(Scenario given) {
    given.asUser("1001:1002", "2000");

    assertThat(reportOf("other", given).userIds()).containsExactly(1001, 1001, 1001);
  }

  @ParameterizedTest
  @CsvSource({"nobody-knows", "circle", "3434:no-such-group", "-1", "4294967296", "'circleci:'"})
  void shouldHandTheTaskBackInsteadOfRunningItAsSomeoneElse(String user, Scenario given) {
    given.root().file("/etc/passwd", PASSWD).file("/etc/group", GROUP);
    given.config().set("user", user);
    given.agent("touch=/out/started");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(given.root().has("/out/started")).isFalse();
    assertThat(given.api().calls()).extracting(Call::path).containsExactly(UNCLAIM.path());
    assertThat(container.stdout().text()).contains(user);
  }

  @Test
  void shouldNameTheUserThatDoesNotExistInTheFailEvent(Scenario given) {
    given.api().always(UNCLAIM, Answer.status(409));
    given.config().set("user", "nobody-knows");

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.api().calls(FAIL))
        .singleElement()
        .satisfies(call -> assertThat(call.message()).contains("nobody-knows"));
  }

  @Test
  void shouldHandTheTaskBackWhenItMayNotBecomeThatUser(Scenario given) {
    given.asUser("1001:1002", "2000");
    given.root().file("/etc/passwd", PASSWD).file("/etc/group", GROUP);
    given.config().set("user", "circleci");
    given.agent("touch=/out/started");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().has("/out/started")).isFalse();
    assertThat(given.api().calls()).extracting(Call::path).containsExactly(UNCLAIM.path());
  }

  @Test
  void shouldRunAsAUidWhereThereIsNoDatabase(Scenario given) {
    given.config().set("user", "3434");
    given.agent("report=/out/report");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().report("/out/report").userIds()).containsExactly(3434, 3434, 3434);
  }

  @Test
  void shouldHandTheTaskBackWhereNoDatabaseKnowsTheName(Scenario given) {
    given.config().set("user", "circleci");
    given.agent("touch=/out/started");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().has("/out/started")).isFalse();
    assertThat(given.api().calls()).extracting(Call::path).containsExactly(UNCLAIM.path());
  }

  @Test
  void shouldHandTheTaskBackWhenTheDatabaseIsNoFile(Scenario given) {
    given.root().folder("/etc/passwd").folder("/etc/group");
    given.config().set("user", "circleci");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.api().calls()).extracting(Call::path).containsExactly(UNCLAIM.path());
  }

  /** A few MB each: as some images have that take over the accounts of a whole company. */
  @Test
  void shouldFindTheLastUserOfAHugeDatabase(Scenario given) {
    var passwd = new StringBuilder();
    var group = new StringBuilder();
    for (var i = 0; i < 50_000; i++) {
      passwd.append(
          "user%1$d:x:%2$d:%2$d:Some One:/home/user%1$d:/bin/sh%n".formatted(i, 5000 + i));
      group.append("group%1$d:x:%2$d:user%1$d,someone,someone-else%n".formatted(i, 5000 + i));
    }
    given.root().file("/etc/passwd", passwd + "circleci:x:3434:3435::/home/circleci:/bin/bash");
    given.root().file("/etc/group", group + "docker:x:999:other,circleci");
    given.config().set("user", "circleci");
    given.agent("report=/out/report");

    assertThat(given.runTask().exitCode()).isZero();

    var report = given.root().report("/out/report");
    assertThat(report.userIds()).containsExactly(3434, 3434, 3434);
    assertThat(report.supplementaryGroups()).contains(999);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "circleci",
        "circleci:x:3434",
        "circleci:x::3435:::",
        "circleci:x:-1:3435:::",
        "circleci:x:3434:99999999999:::",
        "circleci:x:3434:3435::/home/circleci",
        ":x:3434:3435:::\n\0\0\0",
        " circleci:x:3434:3435:::",
      })
  void shouldHandTheTaskBackWhenTheEntryIsBroken(String entry, Scenario given) {
    given.root().file("/etc/passwd", entry + "\n");
    given.config().set("user", "circleci");
    given.agent("touch=/out/started");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().has("/out/started")).isFalse();
    assertThat(given.api().calls()).extracting(Call::path).containsExactly(UNCLAIM.path());
  }

  @Test
  void shouldPassOverALineThatIsLongerThanAnyEntry(Scenario given) {
    given.root().file("/etc/passwd", "x".repeat(3_000_000) + "\n" + PASSWD);
    given.config().set("user", "circleci");
    given.agent("report=/out/report");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().report("/out/report").userIds()).containsExactly(3434, 3434, 3434);
  }

  private static AgentReport reportOf(String user, Scenario given) {
    given.root().file("/etc/passwd", PASSWD).file("/etc/group", GROUP);
    given.config().set("user", user);
    given.agent("report=/out/report");
    assertThat(given.runTask().exitCode()).isZero();
    return given.root().report("/out/report");
  }
}
