package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.ProcessView;
import java.util.HexFormat;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the harness sees to in every test is shown here to be seen to. */
@InAContainer
class SecretsTest {

  @Test
  void shouldWipeTheConfigurationFromItsOwnEnvironment(Scenario given) {
    given.environment("KEPT", "kept");
    given.agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/started");

    var environment = container.orchestrator().environment();

    assertThat(environment)
        .doesNotContain(given.token())
        .doesNotContain("allocation-1")
        .doesNotContain("runner_api_base_url");
    given.root().file("/out/end", "");
    assertThat(container.exitCode()).isZero();
  }

  /** PR_SET_DUMPABLE also keeps it out of core dumps: prctl(2). */
  @Test
  void shouldKeepItsMemoryFromItsOwnUser(Scenario given) throws Exception {
    given.asUser("1001:1001", "");
    given.agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/started");

    assertThat(canRead("1001:1001", container.living("circleci-agent").getFirst())).isTrue();
    assertThat(canRead("1001:1001", container.orchestrator())).isFalse();
    given.root().file("/out/end", "");
    assertThat(container.exitCode()).isZero();
  }

  private static boolean canRead(String user, ProcessView process) throws Exception {
    var file = "/proc/%d/environ".formatted(process.pid());
    var cat =
        new ProcessBuilder(
            "/usr/sbin/chroot", "--userspec=" + user, "--groups=", "/", "/bin/cat", file);
    return cat.redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }

  @Test
  void shouldNotShowTheTokenInMetricsOrHealth(Scenario given) {
    given.agent("touch=/out/started", "wait-file=/out/end");
    var container = given.runTask();
    given.root().awaitFile("/out/started");

    assertThat(container.probe().get("/metrics").body()).doesNotContain(given.token());
    assertThat(container.probe().get("/ready").body()).doesNotContain(given.token());
    given.root().file("/out/end", "");
    assertThat(container.exitCode()).isZero();
  }

  /** It is cut after the first 160 bytes, and before the last 160. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "stderr-bytes=140*,TOKEN,400*",
        "stderr-bytes=140*,HALF sleep=50 stderr-bytes=REST,400*",
        "stderr-bytes=400*,TOKEN,140*",
        "stderr-bytes=400*,HALF sleep=50 stderr-bytes=REST,130*",
        "stderr-bytes=140*,TOKEN,TOKEN,300*,TOKEN,TOKEN,140*"
      })
  void shouldNotShowAPieceOfTheTokenThatTheTaskWrote(String verbs, Scenario given) {
    // What the task itself writes is passed on as it is.
    given.secretMayShow();
    given.agent((hexadecimal(verbs, given.token()) + " exit=1").split(" ", -1));

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls(FAIL))
        .singleElement()
        .satisfies(call -> assertShowsNoPieceOf(given.token(), call.message()));
    assertShowsNoPieceOf(given.token(), container.stdout().text());
  }

  /** Of the random part of it, more than chance would have it. */
  private static void assertShowsNoPieceOf(String token, String text) {
    assertThat(IntStream.range(6, token.length() - 6).mapToObj(i -> token.substring(i, i + 6)))
        .noneMatch(text::contains);
  }

  private static String hexadecimal(String verbs, String token) {
    var half = token.length() / 2;
    return Pattern.compile("(?<=[=,])(\\d+)\\*|(TOKEN|HALF|REST)|,")
        .matcher(verbs)
        .replaceAll(part ->
            switch (part.group()) {
              case "," -> "";
              case "TOKEN" -> hex(token);
              case "HALF" -> hex(token.substring(0, half));
              case "REST" -> hex(token.substring(half));
              default -> hex(".".repeat(Integer.parseInt(part.group(1))));
            });
  }

  private static String hex(String text) {
    return HexFormat.of().formatHex(text.getBytes(US_ASCII));
  }

  @Test
  void shouldNotShowTheTokenWhenTheReportFails(Scenario given) {
    given.apiBaseUrl("http://127.0.0.1:1/" + "path");
    given.agent("exit=1");

    var container = given.runTask();

    assertThat(container.exitCode()).isOne();
    assertThat(container.stdout().text()).doesNotContain(given.token());
  }
}
