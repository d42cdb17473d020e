package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.HostServer;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Conversation;
import com.circleci.runnerinit.testing.ScriptedServer;
import com.circleci.runnerinit.testing.TestCertificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The way to the runner API that the environment names, by the rules of Go, through Tinyproxy. */
@InAContainer
class ProxyTest {
  private static HostServer proxy;

  @BeforeAll
  static void startProxy() {
    proxy = HostServer.tinyproxy("");
  }

  @AfterAll
  static void stopProxy() {
    proxy.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https | HTTPS_PROXY=http://PROXY",
        "https | https_proxy=http://PROXY",
        "https | HTTPS_PROXY=PROXY",
        "https | HTTPS_PROXY=http://PROXY https_proxy=http://127.0.0.1:1",
        "https | HTTPS_PROXY=http://PROXY HTTP_PROXY=http://127.0.0.1:1",
        "https | HTTPS_PROXY=http://PROXY NO_PROXY=other.test,test.runner",
        "https | HTTPS_PROXY=http://PROXY NO_PROXY=unner.test",
        "https | HTTPS_PROXY=http://PROXY NO_PROXY=runner.test:1",
        "https | HTTPS_PROXY=http://PROXY NO_PROXY=127.0.0.1/8",
        "http | HTTP_PROXY=http://PROXY",
        "http | http_proxy=http://PROXY",
        "http | HTTP_PROXY=PROXY HTTPS_PROXY=http://127.0.0.1:1"
      })
  void shouldGoThroughTheProxy(String row, Scenario given) {
    var scheme = prepare(row, given);

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.api().calls()).hasSize(1);
    var server = "runner.test:" + given.api().port();
    assertThat(
            scheme.equals("https")
                ? proxy.wasAskedFor("CONNECT", server)
                : proxy.wasAskedFor("POST", "http://" + server + "/api/v2/task/event/fail"))
        .isTrue();
  }

  /** A proxy that is not there would make itself known by a failure. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "https | HTTP_PROXY=http://127.0.0.1:1 ALL_PROXY=http://127.0.0.1:1",
        "http | HTTPS_PROXY=http://127.0.0.1:1",
        "https | HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY=runner.test",
        "https | HTTPS_PROXY=http://127.0.0.1:1 no_proxy=runner.test",
        "https | HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY=RUNNER.TEST",
        "https | HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY=other,.test",
        "https | HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY=*.test",
        "https | HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY=test",
        "https | HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY=runner.test:PORT",
        "https | HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY=*",
        "http | http_proxy=http://127.0.0.1:1 no_proxy=runner.test"
      })
  void shouldPassTheProxyBy(String row, Scenario given) {
    prepare(row, given);

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.api().calls()).hasSize(1);
  }

  @Test
  void shouldNeverGoThroughTheProxyToThisMachine(Scenario given) {
    prepare("https | HTTPS_PROXY=http://127.0.0.1:1 HTTP_PROXY=http://127.0.0.1:1", given);
    given.apiBaseUrl(given.api().baseUrl("127.0.0.1"));

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.api().calls()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"https", "http"})
  void shouldGiveTheProxyItsCredentials(String scheme, Scenario given) {
    try (var guarded = HostServer.tinyproxy("BasicAuth runner s3cret")) {
      var url = "http://runner:s3%63ret@" + guarded.address();
      prepare(scheme + " | HTTPS_PROXY=" + url + " HTTP_PROXY=" + url, given);

      var container = given.runTask();

      assertThat(container.exitCode()).isZero();
      assertThat(given.api().calls()).hasSize(1);
      assertThat(given.api().calls().getFirst().header("proxy-authorization")).isEmpty();
      assertThat(container.stdout().text()).doesNotContain("s3cret");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', 407 (Proxy Authentication Required)",
    "runner:wrong@, 401 (Unauthorized)",
    "runner@, 401 (Unauthorized)"
  })
  void shouldSayThatTheProxyRefused(String credentials, String status, Scenario given) {
    try (var guarded = HostServer.tinyproxy("BasicAuth runner s3cret")) {
      prepare("https | HTTPS_PROXY=http://" + credentials + guarded.address(), given);

      var container = given.runTask();

      assertThat(FirstAttempt.error(container))
          .isEqualTo("proxyconnect tcp: the proxy's answer to CONNECT was " + status);
      assertThat(given.api().calls()).isEmpty();
      assertThat(container.stdout().text()).doesNotContain("wrong");
    }
  }

  @Test
  void shouldSayThatTheProxyIsNotThere(Scenario given) {
    prepare("https | HTTPS_PROXY=http://127.0.0.1:1", given);

    assertThat(FirstAttempt.error(given.runTask()))
        .isEqualTo("proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused");
  }

  /** Whose head Tinyproxy does not show; nor does it speak TLS. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldAskForATunnelWithNothingButWhatIsForTheProxy(boolean overTls, Scenario given)
      throws IOException {
    try (var tunnel =
        overTls
            ? ScriptedServer.https(TestCertificate.RSA.context(), ProxyTest::openTunnel)
            : ScriptedServer.http(ProxyTest::openTunnel)) {
      prepare("https | HTTPS_PROXY=" + tunnel.url().replace("://", "://user:p%40ss@"), given);

      assertThat(given.runTask().exitCode()).isZero();

      var server = "runner.test:" + given.api().port();
      var connect = tunnel.onlyRequest();
      assertThat(connect.line()).isEqualTo("CONNECT " + server + " HTTP/1.1");
      assertThat(connect.headers()).containsOnlyKeys("host", "user-agent", "proxy-authorization");
      assertThat(connect.only("host")).isEqualTo(server);
      assertThat(connect.only("user-agent")).startsWith("CircleCI-GOAT/");
      assertThat(connect.only("proxy-authorization")).isEqualTo("Basic dXNlcjpwQHNz");
      assertThat(given.api().calls().getFirst().header("proxy-authorization")).isEmpty();
    }
  }

  @Test
  void shouldSayThatTheProxyCannotBeTrusted(Scenario given) throws IOException {
    try (var proxy =
        ScriptedServer.https(TestCertificate.SELF_SIGNED.context(), ProxyTest::openTunnel)) {
      prepare("https | HTTPS_PROXY=" + proxy.url(), given);

      assertThat(FirstAttempt.error(given.runTask()))
          .startsWith("proxyconnect tcp: tls: failed to verify certificate: x509: ");
    }
  }

  private static void openTunnel(Conversation conversation) throws IOException {
    var port = conversation.receive().path().replaceFirst(".*:", "");
    try (var server = new Socket(InetAddress.ofLiteral("127.0.0.1"), Integer.parseInt(port))) {
      conversation.send("HTTP/1.1 200 Connection established\r\n\r\n");
      var client = conversation.socket();
      var back = Thread.ofVirtual().start(() -> copy(server, client));
      copy(client, server);
      back.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static void copy(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
      to.shutdownOutput();
    } catch (IOException _) {
      // One of the two went away; so does the other.
    }
  }

  /** Returns the scheme of {@code SCHEME | VARIABLE=VALUE…}. */
  private static String prepare(String row, Scenario given) {
    var scheme = row.substring(0, row.indexOf(" | "));
    if (scheme.equals("https")) {
      given.apiOptions(given.apiOptions().overTls(TestCertificate.EC.context()));
    }
    given.root().devices().file("/ca.pem", TestCertificate.ROOT.pem());
    given.root().file("/etc/hosts", "127.0.0.1 runner.test\n");
    given.environment("SSL_CERT_FILE", "/ca.pem");
    given.apiBaseUrl(given.api().baseUrl("runner.test"));
    given.agent("exit=1");
    for (var setting : row.substring(row.indexOf(" | ") + 3).split(" ", -1)) {
      var equals = setting.indexOf('=');
      var value =
          setting
              .substring(equals + 1)
              .replace("PROXY", proxy.address())
              .replace("PORT", Integer.toString(given.api().port()));
      given.environment(setting.substring(0, equals), value);
    }
    return scheme;
  }
}
