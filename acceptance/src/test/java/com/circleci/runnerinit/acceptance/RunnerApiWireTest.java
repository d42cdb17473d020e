package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.SilentAddress;
import com.circleci.runnerinit.testing.TestCertificate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The requests, byte by byte, and the ways to the runner API. */
@InAContainer
class RunnerApiWireTest {

  @Test
  void shouldSendTheHeadersThatTheApiExpects(Scenario given) {
    var call = failAndGetTheCall(given);

    assertThat(call.header("authorization")).hasValue("Bearer " + given.token());
    assertThat(call.header("accept")).hasValue("application/json; charset=utf-8");
    assertThat(call.header("content-type")).hasValue("application/json; charset=utf-8");
    assertThat(call.header("host")).hasValue("127.0.0.1:" + given.api().port());
    assertThat(call.only("connection")).isEqualTo("close");
    assertThat(call.only("idempotency-key")).matches("[0-9a-f-]{36}");
    assertThat(call.header("user-agent").orElseThrow())
        .matches("CircleCI-GOAT/\\S+ \\(linux; (amd64|arm64); [0-9a-f]{8}\\)");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldSendHeadAndBodyInOnePiece(boolean overTls, Scenario given) {
    if (overTls) {
      given.apiOptions(given.apiOptions().overTls(TestCertificate.EC.context()));
      given.root().devices().file("/etc/ssl/cert.pem", TestCertificate.ROOT.pem());
    }
    var call = failAndGetTheCall(given);

    assertThat(call.firstRead()).isEqualTo(call.size());
  }

  @Test
  void shouldNameThePodInTheUserAgent(Scenario given) {
    given.hostname("ccita-0123abcd-task");

    assertThat(failAndGetTheCall(given).header("user-agent").orElseThrow())
        .endsWith("; ccita-0123abcd-task)");
  }

  @Test
  void shouldSendAJsonObjectOnALineOfItsOwn(Scenario given) {
    assertThat(failAndGetTheCall(given).body())
        .matches(
            "\\{\"allocation\":\"allocation-1\",\"timestamp\":\\d{13},\"message\":\"[A-Za-z0-9+/=]+\"}\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "//"})
  void shouldKeepThePathOfTheBaseUrl(String end, Scenario given) {
    given.apiBaseUrl(given.api().baseUrl() + "/behind/a/proxy" + end);
    given.agent("exit=1");

    given.runTask().exitCode();

    assertThat(given.api().calls())
        .extracting(Call::path)
        .contains("/behind/a/proxy" + FAIL.path());
  }

  @Test
  void shouldAskForAnInternationalHostInPunycode(Scenario given) {
    given.root().file("/etc/hosts", "127.0.0.1 xn--bcher-kva.test\n");
    given.apiBaseUrl(given.api().baseUrl("B\u00fccher.test"));

    assertThat(failAndGetTheCall(given).header("host"))
        .hasValue("xn--bcher-kva.test:" + given.api().port());
  }

  /** In a root without /proc, where the JDK knows no IPv6. */
  @Test
  void shouldReachAnApiThatHasOnlyAnIpv6Address(Scenario given) {
    given.apiOptions(given.apiOptions().onIpv6());

    assertThat(failAndGetTheCall(given).header("host")).hasValue("[::1]:" + given.api().port());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "::1 runner.test\n127.0.0.1 runner.test\n",
        "127.0.0.1 runner.test\n::1 runner.test\n"
      })
  void shouldTryEachAddressOfTheHost(String hosts, Scenario given) {
    given.proc().root().file("/etc/hosts", hosts);
    given.apiBaseUrl(given.api().baseUrl("runner.test"));

    assertThat(failAndGetTheCall(given).header("host"))
        .hasValue("runner.test:" + given.api().port());
  }

  /** Where the first address lies in the order of the resolver does not matter to the outcome. */
  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.2", "::1"})
  void shouldPassByAnAddressThatIsDead(String dead, Scenario given) {
    given.proc().root().file("/etc/hosts", dead + " runner.test\n127.0.0.1 runner.test\n");
    given.apiBaseUrl(given.api().baseUrl("runner.test"));

    try (var _ = SilentAddress.dead(dead, given.api().port())) {
      assertThat(failAndGetTheCall(given).path()).isEqualTo(FAIL.path());
    }
    assertThat(attempts(given)).containsExactly("success");
  }

  @Test
  void shouldTryAnotherAddressAfterOneThatTakesConnectionsAndNeverAnswers(Scenario given) {
    given.proc().root().file("/etc/hosts", "127.0.0.2 runner.test\n127.0.0.1 runner.test\n");
    given.apiBaseUrl(given.api().baseUrl("runner.test"));

    try (var _ = SilentAddress.halfOpen("127.0.0.2", given.api().port())) {
      assertThat(failAndGetTheCall(given).path()).isEqualTo(FAIL.path());
    }
    assertThat(attempts(given)).containsExactly("timeout awaiting response headers", "success");
  }

  @Test
  void shouldSayWhichAddressRefused(Scenario given) {
    given.root().file("/etc/hosts", "127.0.0.2 runner.test\n127.0.0.3 runner.test\n");
    given.apiBaseUrl("http://runner.test:1");
    given.agent("exit=1");

    assertThat(FirstAttempt.error(given.runTask()))
        .isEqualTo("dial tcp 127.0.0.2:1: connect: connection refused");
  }

  /** What became of each, in order. */
  private static List<String> attempts(Scenario given) {
    return given.container().stdout().events("POST " + FAIL.path()).stream()
        .map(line -> line.fields().getOrDefault("error", line.fields().getOrDefault("result", "")))
        .toList();
  }

  @Test
  void shouldSayThatTheHostIsUnknown(Scenario given) {
    given.root().file("/etc/hosts", "127.0.0.1 localhost\n");
    given.root().file("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    given.apiBaseUrl("http://no-such-host.invalid:1234");
    given.agent("exit=1");

    var container = given.runTask();

    assertThat(container.exitCode()).isOne();
    assertThat(container.stdout().text()).contains("no-such-host.invalid");
  }

  private static Call failAndGetTheCall(Scenario given) {
    given.agent("exit=1");
    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.api().calls()).hasSize(1);
    return given.api().calls().getFirst();
  }
}
