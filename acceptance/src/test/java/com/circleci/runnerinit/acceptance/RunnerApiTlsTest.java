package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.TestCertificates;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTPS out of a root with nothing in it but the devices that every container has. */
@InAContainer
class RunnerApiTlsTest {
  private static final TestCertificates CERTIFICATES = TestCertificates.get();

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void shouldSpeakEachVersionOfTls(String version, Scenario given) {
    given.apiOptions(given.apiOptions().overTls(CERTIFICATES.server(), version));

    assertReaches(trusting(given));
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void shouldTrustRsaKeysToo(String version, Scenario given) {
    given.apiOptions(given.apiOptions().overTls(CERTIFICATES.serverWithRsaKey(), version));

    assertReaches(trusting(given));
  }

  @Test
  void shouldCheckTheNameOfTheHost(Scenario given) {
    given.root().file("/etc/hosts", "127.0.0.1 " + TestCertificates.HOST + "\n");
    given.apiOptions(given.apiOptions().overTls(CERTIFICATES.server()));
    given.apiBaseUrl(given.api().baseUrl(TestCertificates.HOST));

    assertReaches(trusting(given));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/cert.pem"
      })
  void shouldTrustTheStoreOfTheImage(String store, Scenario given) {
    given.apiOptions(given.apiOptions().overTls(CERTIFICATES.server()));
    given.root().devices().file(store, CERTIFICATES.authorityPem());

    assertReaches(given);
  }

  @Test
  void shouldTrustAFolderOfCertificates(Scenario given) {
    given.apiOptions(given.apiOptions().overTls(CERTIFICATES.server()));
    given.root().devices().file("/certs/private-ca.pem", CERTIFICATES.authorityPem());
    given.environment("SSL_CERT_DIR", "/certs");

    assertReaches(given);
  }

  @Test
  void shouldGoOnWithAWarningWhenAStoreCannotBeRead(Scenario given) {
    given.apiOptions(given.apiOptions().overTls(CERTIFICATES.server()));
    given.root().devices().file("/etc/ssl/certs/ca-certificates.crt", "not a certificate");
    given.root().file("/ca.pem", CERTIFICATES.authorityPem());
    given.root().folder("/broken.pem");
    given.environment("SSL_CERT_FILE", "/broken.pem");
    given.environment("SSL_CERT_DIR", "/");
    given.agent("exit=1");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().text()).contains("warning=").contains("/broken.pem");
  }

  enum BadCertificate {
    UNKNOWN_AUTHORITY,
    SELF_SIGNED,
    OTHER_HOST,
    EXPIRED;

    SSLContext context() {
      return switch (this) {
        case UNKNOWN_AUTHORITY -> CERTIFICATES.server();
        case SELF_SIGNED -> CERTIFICATES.selfSignedServer();
        case OTHER_HOST -> CERTIFICATES.serverOfAnotherHost();
        case EXPIRED -> CERTIFICATES.expiredServer();
      };
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldNotGiveTheTokenToAServerThatItCannotTrust(BadCertificate bad, Scenario given) {
    given.apiOptions(given.apiOptions().overTls(bad.context()));
    if (bad == BadCertificate.UNKNOWN_AUTHORITY) {
      given.root().devices();
    } else {
      trusting(given);
    }
    given.agent("exit=1");

    var container = given.runTask();

    assertThat(container.exitCode()).isOne();
    assertThat(given.api().calls()).isEmpty();
    assertThat(container.stderr().text()).contains("exit status 1");
    assertThat(container.stdout().text())
        .containsPattern("error calling CircleCI runner API: .*(?i)(certificat|PKIX|expired|name)");
  }

  private static Scenario trusting(Scenario given) {
    given.root().devices().file("/ca.pem", CERTIFICATES.authorityPem());
    return given.environment("SSL_CERT_FILE", "/ca.pem");
  }

  private static void assertReaches(Scenario given) {
    given.agent("exit=1");
    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.api().calls()).hasSize(1);
  }
}
