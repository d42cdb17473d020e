package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.testing.OpensslCertificates;
import com.circleci.runnerinit.testing.ScriptedServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is accepted and refused, and why, as Go's crypto/x509 does. */
@Timeout(60)
final class TrustTest extends ClientTest {
  private static final String REFUSED = "tls: failed to verify certificate: x509: ";
  private static final String LEAF = "basicConstraints=CA:FALSE";
  private static final String LOCAL = "subjectAltName=DNS:localhost,IP:127.0.0.1";

  private OpensslCertificates certificates;

  @BeforeEach
  void makeRoot() throws Exception {
    certificates = new OpensslCertificates(directory).root("root", "keyUsage=keyCertSign");
    Files.writeString(directory.resolve("store.pem"), certificates.pem("root"));
    environment.put("SSL_CERT_FILE", directory.resolve("store.pem").toString());
    environment.put("SSL_CERT_DIR", "/nowhere");
  }

  /** The JDK's own servers don't take such a name, so it is only looked for in what is sent. */
  @ParameterizedTest
  @ValueSource(strings = {"runner_api.test", "api-.test", "x._y.test", "api.test."})
  void namesHostsWhoseNamesAreNotQuiteNames(String host) throws Exception {
    hosts = "127.0.0.1 " + host;
    AtomicReference<String> hello = new AtomicReference<>("");
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          byte[] record = new byte[1024];
          int length = c.socket().getInputStream().read(record);
          hello.set(new String(record, 0, length, StandardCharsets.ISO_8859_1));
        })) {
      send(server.url(host).replace("http:", "https:"));
    }
    String name = host.replaceFirst("\\.$", "");
    assertThat(hello.get()).contains((char) 0 + "" + (char) name.length() + name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "keyUsage=critical,keyEncipherment",
        "keyUsage=critical,digitalSignature",
        "keyUsage=keyAgreement",
        "extendedKeyUsage=clientAuth,serverAuth",
        "extendedKeyUsage=anyExtendedKeyUsage",
        "certificatePolicies=1.2.3.4"
      })
  void acceptsWhatGoAccepts(String extension) throws Exception {
    certificates.make("leaf", "root", OpensslCertificates.RSA, LEAF, LOCAL, extension);
    assertThat(sendTo("localhost", "leaf")).isEqualTo(OK);
  }

  @Test
  void acceptsALongChain() throws Exception {
    List<String> chain = new ArrayList<>();
    String issuer = "root";
    for (int i = 0; i < 11; i++) {
      certificates.make("intermediate " + i, issuer, OpensslCertificates.EC);
      issuer = "intermediate " + i;
      chain.addFirst(issuer);
    }
    certificates.make("leaf", issuer, OpensslCertificates.EC, LEAF, LOCAL);
    chain.addFirst("leaf");
    assertThat(sendTo("localhost", chain.toArray(String[]::new))).isEqualTo(OK);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          localhost | DNS:localhost            | OK
          LOCALHOST | DNS:localhost            | OK
          localhost.| DNS:localhost            | OK
          a.test    | DNS:*.test               | OK
          a.test    | DNS:A.TEST               | OK
          a.test    | DNS:a*.test              | certificate is valid for a*.test, not a.test
          a.test    | DNS:*.a.test             | certificate is valid for *.a.test, not a.test
          b.a.test  | DNS:*.test               | certificate is valid for *.test, not b.a.test
          a.test    | DNS:*                    | certificate is valid for *, not a.test
          a.test    | DNS:b.test,IP:127.0.0.1  | certificate is valid for b.test, not a.test
          127.0.0.1 | IP:10.0.0.1,DNS:127.0.0.1| certificate is valid for 10.0.0.1, not 127.0.0.1
          127.0.0.1 | DNS:localhost            | cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs
          a.test    | IP:127.0.0.1             | certificate is not valid for any names, but wanted to match a.test
          """)
  void goesByTheAlternativeNames(String host, String names, String outcome) throws Exception {
    hosts = "127.0.0.1 localhost a.test b.a.test";
    certificates.make("leaf", "root", OpensslCertificates.EC, LEAF, "subjectAltName=" + names);
    assertThat(sendTo(host, "leaf")).isEqualTo(outcome.equals("OK") ? OK : REFUSED + outcome);
  }

  @Test
  void givesNothingForACommonName() throws Exception {
    certificates.make("api.test", "root", OpensslCertificates.EC, LEAF);
    assertThat(sendTo("api.test", "api.test"))
        .isEqualTo(REFUSED + "certificate relies on legacy Common Name field, use SANs instead");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          extendedKeyUsage=clientAuth  | certificate specifies an incompatible key usage
          1.2.3.4=critical,DER:05:00   | unhandled critical extension
          """)
  void refusesALeafForItsExtensions(String extension, String reason) throws Exception {
    certificates.make("leaf", "root", OpensslCertificates.EC, LEAF, LOCAL, extension);
    assertThat(sendTo("localhost", "leaf")).isEqualTo(REFUSED + reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          basicConstraints=critical,CA:FALSE                      | certificate is not authorized to sign other certificates
          keyUsage=digitalSignature                               | certificate signed by unknown authority (parent certificate cannot sign this kind of certificate)
          extendedKeyUsage=clientAuth                             | certificate specifies an incompatible key usage
          nameConstraints=critical,permitted;DNS:other.test       | a root or intermediate certificate is not authorized to sign for this name
          """)
  void refusesAnIntermediateForItsExtensions(String extension, String reason) throws Exception {
    certificates.make("intermediate", "root", OpensslCertificates.EC, extension);
    certificates.make("leaf", "intermediate", OpensslCertificates.EC, LEAF, LOCAL);
    assertThat(sendTo("localhost", "leaf", "intermediate")).isEqualTo(REFUSED + reason);
  }

  @Test
  void refusesAPathThatIsTooLong() throws Exception {
    certificates.make(
        "first", "root", OpensslCertificates.EC, "basicConstraints=critical,CA:TRUE,pathlen:0");
    certificates.make("second", "first", OpensslCertificates.EC);
    certificates.make("leaf", "second", OpensslCertificates.EC, LEAF, LOCAL);
    assertThat(sendTo("localhost", "leaf", "second", "first"))
        .isEqualTo(REFUSED + "too many intermediates for path length constraint");
  }

  @Test
  void refusesASignatureOfAnotherAuthorityOfTheSameName() throws Exception {
    certificates.make(
        "leaf", "root", OpensslCertificates.EC, LEAF, LOCAL, "authorityKeyIdentifier=none");
    var server = certificates.server("leaf");
    Files.writeString(directory.resolve("store.pem"), certificates.root("root").pem("root"));
    try (ScriptedServer scripted = ScriptedServer.https(server, c -> c.answer(200, ""))) {
      assertThat(send(scripted.url("localhost")))
          .isEqualTo(
              REFUSED
                  + "certificate signed by unknown authority (a signature in its chain is wrong)");
    }
  }

  @Test
  void refusesASignatureByADigestThatIsBroken() throws Exception {
    certificates.make("leaf", "root", OpensslCertificates.EC + " -sha1", LEAF, LOCAL);
    assertThat(sendTo("localhost", "leaf"))
        .isEqualTo(
            REFUSED
                + "certificate signed by unknown authority (cannot verify signature: insecure"
                + " algorithm SHA1WITHECDSA)");
  }

  @Test
  void refusesAKeyThatIsTooWeak() throws Exception {
    certificates.make("intermediate", "root", "-newkey rsa:768");
    certificates.make("leaf", "intermediate", OpensslCertificates.EC, LEAF, LOCAL);
    assertThat(sendTo("localhost", "leaf", "intermediate"))
        .isEqualTo(
            REFUSED + "certificate signed by unknown authority (a key in its chain is too weak)");
  }

  @Test
  void readsALargeBundleAndSaysThatOneIsTooLarge() throws Exception {
    certificates.make("leaf", "root", OpensslCertificates.EC, LEAF, LOCAL);
    String root = certificates.pem("root");
    Files.writeString(directory.resolve("store.pem"), "# \n".repeat(2 << 20) + root);
    assertThat(sendTo("localhost", "leaf")).isEqualTo(OK);

    Files.writeString(directory.resolve("store.pem"), "# \n".repeat(4 << 20) + root);
    assertThat(reason(sendTo("localhost", "leaf"))).contains("signed by unknown authority");
    assertThat(captured.lines().getFirst()).contains("larger than 8 MiB");
  }

  private Object sendTo(String host, String... chain) throws Exception {
    try (ScriptedServer server =
        ScriptedServer.https(certificates.server(chain), c -> c.answer(200, ""))) {
      return send(server.url(host));
    }
  }
}
