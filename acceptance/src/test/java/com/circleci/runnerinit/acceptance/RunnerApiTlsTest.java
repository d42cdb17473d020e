package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.UNCLAIM;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Answer;
import com.circleci.runnerinit.testing.TestCertificate;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTPS out of a root with nothing in it but the devices that every container has. */
@InAContainer
@Tag("core")
class RunnerApiTlsTest {
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void shouldSpeakEachVersionOfTls(String version, Scenario given) {
    given.apiOptions(given.apiOptions().overTls(TestCertificate.EC.context(), version));

    assertReaches(trusting(given));
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void shouldTrustRsaKeysToo(String version, Scenario given) {
    given.apiOptions(given.apiOptions().overTls(TestCertificate.RSA.context(), version));

    assertReaches(trusting(given));
  }

  @Test
  void shouldCheckTheNameOfTheHost(Scenario given) {
    given.root().file("/etc/hosts", "127.0.0.1 " + TestCertificate.HOST + "\n");
    given.apiOptions(given.apiOptions().overTls(TestCertificate.EC.context()));
    given.apiBaseUrl(given.api().baseUrl(TestCertificate.HOST));

    assertReaches(trusting(given));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/pki/tls/cacert.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/etc/ssl/certs/private.pem",
        "/etc/pki/tls/certs/private.pem",
        "/system/etc/security/cacerts/private.pem",
        "/data/misc/keychain/certs-added/private.pem"
      })
  void shouldTrustTheStoreOfTheImage(String store, Scenario given) {
    given.apiOptions(given.apiOptions().overTls(TestCertificate.EC.context()));
    given.root().devices().file(store, TestCertificate.ROOT.pem());

    assertReaches(given);
  }

  /** An image whose /dev nothing was mounted on. */
  @Test
  void shouldNeedNoDeviceForItsKeys(Scenario given) {
    given.apiOptions(given.apiOptions().overTls(TestCertificate.EC.context()));
    given.root().file("/etc/ssl/cert.pem", TestCertificate.ROOT.pem());

    assertReaches(given);
  }

  @Test
  void shouldTrustAFolderOfCertificates(Scenario given) {
    given.apiOptions(given.apiOptions().overTls(TestCertificate.EC.context()));
    given.root().devices().file("/certs/private-ca.pem", TestCertificate.ROOT.pem());
    given.environment("SSL_CERT_DIR", "/certs");

    assertReaches(given);
  }

  @Test
  void shouldReadEachFolderOfAList(Scenario given) {
    given.apiOptions(given.apiOptions().overTls(TestCertificate.EC.context()));
    given.root().devices().folder("/empty").file("/elsewhere/ca", TestCertificate.ROOT.pem());
    given.root().folder("/certs/java").file("/certs/README", "nothing here");
    given.root().link("/certs/0123abcd.0", "/elsewhere/ca").link("/certs/dangling", "/nowhere");
    given.environment("SSL_CERT_DIR", "/empty:/certs:");

    assertReaches(given);
  }

  @Test
  void shouldTakeTheChosenFileInPlaceOfTheStoreOfTheImage(Scenario given) {
    given.apiOptions(given.apiOptions().overTls(TestCertificate.EC.context()));
    given.root().devices().file("/etc/ssl/cert.pem", TestCertificate.ROOT.pem());
    given.root().file("/ca.pem", TestCertificate.SELF_SIGNED.pem());
    given.environment("SSL_CERT_FILE", "/ca.pem");
    given.agent("exit=1");

    assertThat(FirstAttempt.error(given.runTask())).contains("signed by unknown authority");
    assertThat(given.api().calls()).isEmpty();
  }

  @Test
  void shouldTrustAServersOwnCertificateInTheStore(Scenario given) {
    given.apiOptions(given.apiOptions().overTls(TestCertificate.SELF_SIGNED.context()));
    given.root().devices().file("/etc/ssl/cert.pem", TestCertificate.SELF_SIGNED.pem());

    assertReaches(given);
  }

  @Test
  void shouldTrustAnIntermediateThatIsInTheStore(Scenario given) {
    given.apiOptions(given.apiOptions().overTls(TestCertificate.BELOW.contextAlone()));
    given.root().devices().file("/etc/ssl/cert.pem", TestCertificate.INTERMEDIATE.pem());

    assertReaches(given);
  }

  @Test
  void shouldReadABundleOfMegabytes(Scenario given) {
    given.apiOptions(given.apiOptions().overTls(TestCertificate.EC.context()));
    given.root().devices().file("/etc/ssl/cert.pem", bundleOf(5));

    assertReaches(given);
  }

  /** The authority behind this many megabytes of what is said of others. */
  private static String bundleOf(int megabytes) {
    return "# an authority\n".repeat(megabytes * 1_000_000 / 15) + TestCertificate.ROOT.pem();
  }

  enum BadStore {
    FOLDER,
    NO_CERTIFICATE,
    MISSING,
    HUGE,
    FORBIDDEN;

    void in(Scenario given) {
      switch (this) {
        case FOLDER -> given.root().folder("/store.pem");
        case HUGE -> given.root().file("/store.pem", bundleOf(9));
        case NO_CERTIFICATE -> given.root().file("/store.pem", "not a certificate");
        case FORBIDDEN -> {
          given.root().file("/store.pem", TestCertificate.ROOT.pem(), "---------");
          given.asUser("1000:1000", "1000");
        }
        case MISSING -> {}
      }
    }
  }

  /** Two attempts and two calls, and still it is said once. */
  @ParameterizedTest
  @EnumSource
  void shouldGoOnWithOneWarningWhenAStoreCannotBeUsed(BadStore bad, Scenario given) {
    given.apiOptions(given.apiOptions().overTls(TestCertificate.EC.context()));
    given.root().devices().file("/certs/private-ca.pem", TestCertificate.ROOT.pem());
    bad.in(given);
    given.environment("SSL_CERT_FILE", "/store.pem");
    given.environment("SSL_CERT_DIR", "/certs");
    given.config().set("task_agent_path", "/missing");
    given.api().answer(UNCLAIM, Answer.status(500), Answer.status(409));

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls()).hasSize(3);
    assertThat(container.stdout().log())
        .filteredOn(line -> line.fields().containsKey("warning"))
        .singleElement()
        .satisfies(line -> {
          assertThat(line.event()).isEqualTo("runner API: trusted certificates");
          assertThat(line.fields()).containsEntry("app.path", "/store.pem");
        });
  }

  enum BadCertificate {
    UNKNOWN_AUTHORITY("certificate signed by unknown authority (issuer: CN=Test Root)"),
    SELF_SIGNED("certificate signed by unknown authority (it is self-signed)"),
    OTHER_HOST("cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs"),
    CHAIN_WITH_A_GAP("certificate signed by unknown authority (issuer: CN=Test Intermediate)"),
    EXPIRED("certificate has expired or is not yet valid: current time \\S+Z is after \\S+Z"),
    FUTURE(
        "certificate has expired or is not yet valid: current time \\S+Z is before \\S+Z (it is not"
            + " valid yet, or the clock of this node is wrong)");

    private final String reason;

    BadCertificate(String reason) {
      this.reason = reason;
    }

    SSLContext context() {
      return switch (this) {
        case UNKNOWN_AUTHORITY -> TestCertificate.EC.context();
        case SELF_SIGNED -> TestCertificate.SELF_SIGNED.context();
        case OTHER_HOST -> TestCertificate.ELSEWHERE_BY_NAME.context();
        case CHAIN_WITH_A_GAP -> TestCertificate.BELOW.contextAlone();
        case EXPIRED -> TestCertificate.EXPIRED.context();
        case FUTURE -> TestCertificate.FUTURE.context();
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
    var refusal =
        "error calling CircleCI runner API: tls: failed to verify certificate: x509: " + bad.reason;
    var pattern = refusal.replaceAll("[()]", "\\\\$0");
    assertThat(container.stderr().text()).containsPattern(pattern);
    assertThat(container.stdout().text()).containsPattern(pattern);
  }

  private static Scenario trusting(Scenario given) {
    given.root().devices().file("/ca.pem", TestCertificate.ROOT.pem());
    return given.environment("SSL_CERT_FILE", "/ca.pem");
  }

  private static void assertReaches(Scenario given) {
    given.agent("exit=1");
    assertThat(given.runTask().exitCode()).isZero();
    assertThat(given.api().calls()).hasSize(1);
  }
}
