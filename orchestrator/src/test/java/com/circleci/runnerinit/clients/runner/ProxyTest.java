package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.clients.runner.testing.TestProxy;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.Conversation;
import com.circleci.runnerinit.testing.ScriptedServer;
import com.circleci.runnerinit.testing.TestCertificate;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ProxyTest extends ClientTest {

  @BeforeEach
  void trustTheRoot() throws Exception {
    Files.writeString(directory.resolve("root.pem"), TestCertificate.ROOT.pem());
    environment.put("SSL_CERT_FILE", directory.resolve("root.pem").toString());
    headers.put("Authorization", "Bearer MARKER");
  }

  @Test
  void opensATunnelToASecureServer() throws Exception {
    try (ScriptedServer server = secureServer();
        ScriptedServer proxy = ScriptedServer.http(new TestProxy())) {
      environment.put("HTTPS_PROXY", proxy.url());
      assertThat(send(server.url("runner-api"), PLENTY)).isEqualTo(OK);

      Call connect = proxy.onlyRequest();
      assertThat(connect.line()).isEqualTo("CONNECT runner-api:" + server.port() + " HTTP/1.1");
      assertThat(connect.only("Host")).isEqualTo("runner-api:" + server.port());
      assertThat(connect.headers().toString()).doesNotContain("MARKER");
      assertThat(connect.values("Proxy-Authorization")).isEmpty();
      assertThat(connect.only("User-Agent")).isEqualTo("Test/1");
      assertThat(server.onlyRequest().line()).isEqualTo("POST /route HTTP/1.1");
      assertThat(server.onlyRequest().only("Authorization")).isEqualTo("Bearer MARKER");
    }
  }

  @Test
  void showsItsCredentialsToTheProxyAlone() throws Exception {
    try (ScriptedServer server = secureServer();
        ScriptedServer proxy = ScriptedServer.http(new TestProxy())) {
      environment.put("https_proxy", "http://user:p%40ss@127.0.0.1:" + proxy.port());
      assertThat(send(server.url("runner-api"), PLENTY)).isEqualTo(OK);

      assertThat(proxy.onlyRequest().only("Proxy-Authorization")).isEqualTo("Basic dXNlcjpwQHNz");
      assertThat(server.onlyRequest().values("Proxy-Authorization")).isEmpty();
    }
  }

  @Test
  void goesThroughASecureProxy() throws Exception {
    try (ScriptedServer server = secureServer();
        ScriptedServer proxy =
            ScriptedServer.https(TestCertificate.RSA.context(), new TestProxy())) {
      environment.put("HTTPS_PROXY", proxy.url());
      assertThat(send(server.url("runner-api"), PLENTY)).isEqualTo(OK);
      assertThat(proxy.onlyRequest().line()).startsWith("CONNECT runner-api:");
    }
  }

  @Test
  void asksTheProxyForAnOpenServersUrl() throws Exception {
    try (ScriptedServer proxy = ScriptedServer.http(c -> c.answer(200, ""))) {
      environment.put("HTTP_PROXY", "user:secret@127.0.0.1:" + proxy.port());
      assertThat(send("http://api.test:8080", PLENTY)).isEqualTo(OK);

      Call request = proxy.onlyRequest();
      assertThat(request.line()).isEqualTo("POST http://api.test:8080/route HTTP/1.1");
      assertThat(request.only("Host")).isEqualTo("api.test:8080");
      assertThat(request.only("Proxy-Authorization")).isEqualTo("Basic dXNlcjpzZWNyZXQ=");
      assertThat(request.only("Authorization")).isEqualTo("Bearer MARKER");
    }
  }

  @Test
  void passesTheProxyByForAnExemptHost() throws Exception {
    try (ScriptedServer server = secureServer();
        ScriptedServer proxy = ScriptedServer.http(new TestProxy())) {
      environment.putAll(Map.of("HTTPS_PROXY", proxy.url(), "NO_PROXY", "runner-api"));
      assertThat(send(server.url("runner-api"), PLENTY)).isEqualTo(OK);
      assertThat(proxy.connections()).isZero();
    }
  }

  @Test
  void saysWhatTheProxyAnswered() throws Exception {
    try (ScriptedServer proxy =
        ScriptedServer.http(c -> c.answer(407, "Proxy-Authenticate: Basic\r\n"))) {
      environment.put("HTTPS_PROXY", "http://user:secret@127.0.0.1:" + proxy.port());
      assertThat(reason(send("https://runner-api", PLENTY)))
          .isEqualTo(
              "proxyconnect tcp: the proxy's answer to CONNECT was 407"
                  + " (Proxy Authentication Required)");
    }
  }

  @Test
  void saysThatTheProxyIsNotThere() throws Exception {
    int port;
    try (ServerSocket gone = new ServerSocket(0)) {
      port = gone.getLocalPort();
    }
    environment.put("HTTPS_PROXY", "127.0.0.1:" + port);
    assertThat(reason(send("https://runner-api", PLENTY)))
        .isEqualTo(
            "proxyconnect tcp: dial tcp 127.0.0.1:" + port + ": connect: connection refused");
  }

  @Test
  void saysThatTheProxyIsNotTrusted() throws Exception {
    try (ScriptedServer proxy =
        ScriptedServer.https(TestCertificate.SELF_SIGNED.context(), new TestProxy())) {
      environment.put("HTTPS_PROXY", proxy.url());
      assertThat(reason(send("https://runner-api", PLENTY)))
          .startsWith("proxyconnect tcp: tls: failed to verify certificate: ");
    }
  }

  @Test
  void outlastsNoSilentProxy() throws Exception {
    try (ScriptedServer proxy = ScriptedServer.http(Conversation::waitForClient)) {
      environment.put("HTTPS_PROXY", proxy.url());
      assertThat(reason(send("https://runner-api", Duration.ofMillis(200))))
          .startsWith("proxyconnect tcp: timeout");
    }
  }

  @Test
  void triesNothingThroughASocksProxy() throws Exception {
    environment.put("HTTPS_PROXY", "socks5://127.0.0.1:1");
    assertThat(send("https://runner-api", PLENTY))
        .asString()
        .startsWith("no way: ")
        .contains("socks5");
  }

  @Test
  void warnsOfASettingThatIsNoProxy() throws Exception {
    try (ScriptedServer server = secureServer()) {
      environment.put("HTTPS_PROXY", "http://");
      assertThat(send(server.url("runner-api"), PLENTY)).isEqualTo(OK);
      assertThat(captured.lines())
          .singleElement()
          .asString()
          .contains("warning=", "HTTPS_PROXY is ignored");
    }
  }

  private static ScriptedServer secureServer() throws Exception {
    return ScriptedServer.https(TestCertificate.RSA.context(), c -> c.answer(200, ""));
  }
}
