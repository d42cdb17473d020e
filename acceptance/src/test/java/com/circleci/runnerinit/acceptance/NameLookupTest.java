package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.NameServer;
import com.circleci.runnerinit.testing.NameServer.Behaviour;
import com.circleci.runnerinit.testing.TestCertificate;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The executable looks names up as Go does, whatever its libc: a part of what {@code
 * ResolverSweepTest} tries on the JVM.
 */
@InAContainer
class NameLookupTest {
  private static final AtomicInteger STARTED = new AtomicInteger();

  /** Each test has a server's address of its own: a file can't name a port. */
  private final String address = "127.53.1." + STARTED.incrementAndGet();

  private final String onlyServer = "nameserver " + address + "\n";
  private final String search =
      "search a.test b.test c.test d.test\noptions ndots:5\n" + onlyServer;

  private NameServer server;

  @BeforeEach
  void startServer() throws IOException {
    server = NameServer.start(address, 53);
  }

  @AfterEach
  void stopServer() throws IOException {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "search .\nnameserver SERVER\n",
        "search . a.test\nnameserver SERVER\noptions ndots:5\n",
        "nameserver 127.53.0.9\nnameserver SERVER\n",
        "nameserver SERVER\noptions use-vc\n",
        "\u0000\nnameserver x\nnameserver fe80::1%none\n;\nnameserver SERVER\n"
      })
  void shouldAskAsTheFileSays(String file, Scenario given) {
    server.knows("runner.test");
    assertReaches(given, "runner.test", file.replace("SERVER", address));
  }

  @ParameterizedTest
  @EnumSource(
      names = {"NO_RECORDS", "SERVER_FAILURE", "REFUSED", "NOT_IMPLEMENTED", "MALFORMED", "SILENT"})
  void shouldGoOnThroughTheSearchList(Behaviour behaviour, Scenario given) {
    server.says("runner.b.test", behaviour, behaviour).knows("runner");
    assertReaches(given, "runner", search);
  }

  @ParameterizedTest
  @EnumSource(
      names = {"NAME_ERROR", "SERVER_FAILURE", "REFUSED", "NOT_IMPLEMENTED", "SILENT", "LAME"})
  void shouldUseTheOneFamilyThatThereIs(Behaviour ofTheOther, Scenario given) {
    // Without /proc, the JDK takes the machine for one without IPv6.
    given.proc();
    server.says("runner.test", Behaviour.ANSWERED, ofTheOther);
    assertReaches(given, "runner.test", onlyServer);
    assertThat(server.asked()).contains("udp runner.test A", "udp runner.test AAAA");
  }

  @ParameterizedTest
  @EnumSource(
      names = {"NAME_ERROR", "SERVER_FAILURE", "REFUSED", "NOT_IMPLEMENTED", "SILENT", "LAME"})
  void shouldUseIpv6WhereThereIsNothingElse(Behaviour ofTheOther, Scenario given) {
    given.proc().apiOptions(given.apiOptions().onIpv6());
    server.says("runner.test", ofTheOther, Behaviour.ANSWERED);
    assertReaches(given, "runner.test", onlyServer);
  }

  @Test
  void shouldAskAgainOverTcpWhenAnAnswerIsCut(Scenario given) {
    server.says("runner.test", Behaviour.TRUNCATED, Behaviour.TRUNCATED);
    assertReaches(given, "runner.test", onlyServer);
    assertThat(server.asked()).contains("udp runner.test A", "tcp runner.test A");
  }

  @Test
  void shouldHonourASearchLineOfAnyLength(Scenario given) {
    server.knows("runner.last.test");
    var domains = new StringBuilder();
    for (int i = 0; i < 31; i++) {
      domains.append(' ').append("x".repeat(50)).append(i).append(".test");
    }
    assertReaches(given, "runner", "search" + domains + " last.test\n" + onlyServer);
  }

  @Test
  void shouldTryTheListAfterANameWithDots(Scenario given) {
    server.knows("svc.ns.svc.b.test");
    assertReaches(given, "svc.ns.svc", "search a.test b.test\noptions ndots:1\n" + onlyServer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1 Runner.TEST\n",
        "127.0.0.9 runner.test\n127.0.0.1 runner.test\n",
        "127.0.0.1 LONG runner.test\n"
      })
  void shouldFindAllLinesOfTheHostsFile(String hosts, Scenario given) {
    given.root().file("/etc/hosts", hosts.replace("LONG", "a-name.test ".repeat(100)));
    assertReaches(given, "runner.test", "nameserver 127.53.0.9\n");
  }

  @Test
  void shouldLookAProxyUpTheSameWay(Scenario given) {
    server.says("proxy.b.test", Behaviour.SERVER_FAILURE, Behaviour.SERVER_FAILURE);
    given.environment("HTTP_PROXY", "http://proxy:1");
    given.apiBaseUrl("http://runner.test");
    given.root().file("/etc/resolv.conf", search);
    given.agent("exit=1");
    assertThat(FirstAttempt.error(given.runTask()))
        .isEqualTo(
            "proxyconnect tcp: dial tcp: lookup proxy on " + address + ":53: server misbehaving");
  }

  @ParameterizedTest
  @EnumSource(names = {"NAME_ERROR", "REFUSED", "SILENT"})
  void shouldSayWhomItAskedAndWhatFor(Behaviour behaviour, Scenario given) {
    server.otherwise(behaviour);
    given.root().file("/etc/resolv.conf", onlyServer);
    given.apiBaseUrl("http://runner.test");
    given.agent("exit=1");
    var container = given.runTask();
    assertThat(container.exitCode()).isOne();
    var reason =
        switch (behaviour) {
          case NAME_ERROR -> "no such host";
          case REFUSED -> "server misbehaving";
          default -> "i/o timeout";
        };
    assertThat(container.stderr().text())
        .contains("dial tcp: lookup runner.test on " + address + ":53: " + reason);
  }

  @Test
  void shouldWaitForNoFileThatIsNone(Scenario given) {
    given.root().devices().fifo("/etc/hosts").fifo("/etc/resolv.conf").fifo("/etc/ssl/cert.pem");
    given.root().fifo("/certs");
    given.environment("SSL_CERT_DIR", "/certs");
    given.apiOptions(given.apiOptions().overTls(TestCertificate.EC.context()));
    given.apiBaseUrl(given.api().baseUrl("runner.test"));
    given.agent("exit=1");
    var container = given.runTask();
    assertThat(container.exitCode()).isOne();
    assertThat(container.stderr().text()).contains("lookup runner.test on ");
    assertThat(container.stdout().events("POST /api/v2/task/event/fail")).isNotEmpty();
  }

  private void assertReaches(Scenario given, String host, String file) {
    given.root().file("/etc/resolv.conf", file);
    given.apiBaseUrl(given.api().baseUrl(host));
    given.agent("exit=1");
    var container = given.runTask();
    assertThat(container.exitCode())
        .as("%s, %s", server.asked(), container.stdout().text())
        .isZero();
    assertThat(given.api().calls()).hasSize(1);
  }
}
