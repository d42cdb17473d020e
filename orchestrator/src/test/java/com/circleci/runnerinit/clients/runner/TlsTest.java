package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.testing.Conversation;
import com.circleci.runnerinit.testing.ScriptedServer;
import com.circleci.runnerinit.testing.TestCertificate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class TlsTest extends ClientTest {
  private static final String REFUSED = "tls: failed to verify certificate: x509: ";

  private Path root;

  @BeforeEach
  void writeRoot() throws Exception {
    root = directory.resolve("root.pem");
    Files.writeString(root, "# A private root\n" + TestCertificate.ROOT.pem());
    environment.putAll(Map.of("SSL_CERT_FILE", root.toString(), "SSL_CERT_DIR", "/nowhere"));
  }

  @ParameterizedTest
  @CsvSource({
    "RSA, TLSv1.2",
    "RSA, TLSv1.3",
    "EC, TLSv1.2",
    "EC, TLSv1.3",
    "BELOW, TLSv1.2",
    "BELOW, TLSv1.3",
  })
  void trustsAServerBelowARootOfTheSystem(TestCertificate certificate, String protocol)
      throws Exception {
    try (ScriptedServer server =
        ScriptedServer.https(certificate.context(), c -> c.answer(200, ""), protocol)) {
      assertThat(send(server.url())).isEqualTo(OK);
      assertThat(send(server.url("localhost"))).isEqualTo(OK);
      assertThat(captured.lines()).isEmpty();
    }
  }

  @Test
  void sendsHeadAndBodyInOneRecord() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.https(TestCertificate.RSA.context(), c -> c.answer(200, ""))) {
      assertThat(send(server.url())).isEqualTo(OK);
      assertThat(server.onlyRequest().firstRead()).isEqualTo(server.onlyRequest().size());
    }
  }

  @Test
  void closesInOrder() throws Exception {
    List<String> ends = new ArrayList<>();
    try (ScriptedServer server =
        ScriptedServer.https(
            TestCertificate.RSA.context(),
            c -> {
              synchronized (ends) {
                c.receive();
                c.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                ((SSLSocket) c.socket()).shutdownOutput();
                c.waitForClient();
                ends.add("close_notify");
              }
            })) {
      assertThat(send(server.url())).isEqualTo(OK);
      synchronized (ends) {
        assertThat(ends).containsExactly("close_notify");
      }
    }
  }

  @Test
  void trustsAServersOwnCertificateInTheStore() throws Exception {
    Files.writeString(root, TestCertificate.SELF_SIGNED.pem());
    try (ScriptedServer server = serving(TestCertificate.SELF_SIGNED)) {
      assertThat(send(server.url())).isEqualTo(OK);
    }
  }

  @Test
  void trustsRootsInADirectory() throws Exception {
    try (ScriptedServer server = serving(TestCertificate.RSA)) {
      Path roots = Files.createDirectory(directory.resolve("roots"));
      Files.move(root, roots.resolve("private-root.pem"));
      Files.createSymbolicLink(roots.resolve("0123abcd.0"), Path.of("private-root.pem"));
      Files.createSymbolicLink(roots.resolve("dangling"), Path.of("/nowhere/at/all"));
      Files.createDirectory(roots.resolve("java"));
      Files.writeString(roots.resolve("README"), "nothing here");
      Path empty = Files.createDirectory(directory.resolve("empty"));

      assertThat(send(server.url(), Map.of("SSL_CERT_DIR", empty + ":" + roots + ":")))
          .isEqualTo(OK);
    }
  }

  @Test
  void namesTheHostToTheServer() throws Exception {
    List<String> names = new ArrayList<>();
    try (ScriptedServer server =
        ScriptedServer.https(
            TestCertificate.RSA.context(),
            c -> {
              SSLSocket socket = (SSLSocket) c.socket();
              synchronized (names) {
                ((ExtendedSSLSession) socket.getSession())
                    .getRequestedServerNames()
                    .forEach(name -> names.add(name.toString()));
              }
              c.answer(200, "");
            })) {
      HttpClient client = client();
      assertThat(send(client, server.url("runner-api"), 0, PLENTY, "")).isEqualTo(OK);
      assertThat(send(client, server.url("runner-api."), 0, PLENTY, "")).isEqualTo(OK);
      synchronized (names) {
        assertThat(names).hasSize(2).allMatch(name -> name.contains("value=runner-api"));
      }
    }
  }

  @Test
  void refusesAnExpiredCertificate() throws Exception {
    assertThat(refusal(TestCertificate.EXPIRED))
        .matches(
            REFUSED
                + "certificate has expired or is not yet valid: current time \\S+Z is after \\S+Z");
  }

  @Test
  void refusesACertificateOfTheFuture() throws Exception {
    assertThat(refusal(TestCertificate.FUTURE))
        .matches(
            REFUSED
                + "certificate has expired or is not yet valid: current time \\S+Z is before"
                + " \\S+Z \\(it is not valid yet, or the clock of this node is wrong\\)");
  }

  @Test
  void refusesTheCertificateOfAnotherHost() throws Exception {
    assertThat(refusal(TestCertificate.ELSEWHERE))
        .isEqualTo(REFUSED + "certificate is valid for 10.9.8.7, not 127.0.0.1");
    try (ScriptedServer server = serving(TestCertificate.ELSEWHERE)) {
      assertThat(reason(send(server.url("localhost")))).endsWith(", not localhost");
    }
  }

  @Test
  void refusesASelfSignedCertificate() throws Exception {
    assertThat(refusal(TestCertificate.SELF_SIGNED))
        .isEqualTo(REFUSED + "certificate signed by unknown authority (it is self-signed)");
  }

  @Test
  void refusesAnUnknownAuthority() throws Exception {
    Files.writeString(root, TestCertificate.SELF_SIGNED.pem());
    assertThat(refusal(TestCertificate.RSA))
        .isEqualTo(REFUSED + "certificate signed by unknown authority (issuer: CN=Test Root)");
  }

  @Test
  void refusesAChainWithAGap() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.https(TestCertificate.BELOW.contextAlone(), c -> c.answer(200, ""))) {
      assertThat(reason(send(server.url())))
          .isEqualTo(
              REFUSED + "certificate signed by unknown authority (issuer: CN=Test Intermediate)");
    }
  }

  @Test
  void trustsAnIntermediateThatIsInTheStore() throws Exception {
    Files.writeString(root, TestCertificate.INTERMEDIATE.pem());
    try (ScriptedServer server =
        ScriptedServer.https(TestCertificate.BELOW.contextAlone(), c -> c.answer(200, ""))) {
      assertThat(send(server.url())).isEqualTo(OK);
    }
  }

  @Test
  void saysThatAStoreIsMissingAndGoesOn() throws Exception {
    try (ScriptedServer server = serving(TestCertificate.RSA)) {
      Map<String, String> environment =
          Map.of("SSL_CERT_FILE", "/nowhere/roots.pem", "SSL_CERT_DIR", directory.toString());
      assertThat(send(server.url(), environment)).isEqualTo(OK);
      assertThat(captured.lines())
          .singleElement()
          .asString()
          .contains("/nowhere/roots.pem", "no such file or directory", "warning=");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/dev/zero", "/proc/self/mem", "/tmp", "/etc/hostname", "/\u00e4\u0001"})
  void saysThatAStoreIsUselessAndGoesOn(String file) throws Exception {
    try (ScriptedServer server = serving(TestCertificate.RSA)) {
      Map<String, String> environment =
          Map.of("SSL_CERT_FILE", file, "SSL_CERT_DIR", directory.toString());
      assertThat(send(server.url(), environment)).isEqualTo(OK);
      assertThat(captured.lines())
          .singleElement()
          .asString()
          .contains("certificate store can't be used");
    }
  }

  @Test
  void readsNoStoreWithoutTls() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""))) {
      assertThat(send(server.url(), Map.of("SSL_CERT_FILE", "/nowhere"))).isEqualTo(OK);
      assertThat(captured.lines()).isEmpty();
    }
  }

  @Test
  void knowsAServerWithoutTls() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.send("HTTP/1.1 400 Bad Request\r\n\r\n");
          c.waitForClient();
        })) {
      assertThat(reason(send(server.url().replace("http:", "https:"))))
          .isEqualTo("tls: first record does not look like a TLS handshake");
    }
  }

  @Test
  void knowsAServerThatEndsTheHandshake() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> {})) {
      assertThat(reason(send(server.url().replace("http:", "https:"))))
          .matches("EOF .*|.*connection reset by peer.*");
    }
  }

  @Test
  void outlastsNoHandshake() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(Conversation::waitForClient)) {
      assertThat(send(server.url().replace("http:", "https:"), SHORT))
          .isEqualTo("TLS handshake timeout");
    }
  }

  @Test
  void saysWhatTheServerFindsWrong() throws Exception {
    SSLContext withoutIdentity = SSLContext.getInstance("TLS");
    withoutIdentity.init(null, null, null);
    try (ScriptedServer server = ScriptedServer.https(withoutIdentity, c -> c.answer(200, ""))) {
      assertThat(reason(send(server.url()))).isEqualTo("remote error: tls: handshake failure");
    }
  }

  private String refusal(TestCertificate certificate) throws Exception {
    try (ScriptedServer server = serving(certificate)) {
      String reason = reason(send(server.url()));
      assertThat(server.requests()).isEmpty();
      return reason;
    }
  }

  private static ScriptedServer serving(TestCertificate certificate) throws Exception {
    return ScriptedServer.https(certificate.context(), c -> c.answer(200, ""));
  }

  private Object send(String url, Map<String, String> settings) throws Exception {
    environment.clear();
    environment.putAll(settings);
    return send(url);
  }
}
