package com.circleci.runnerinit.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;

class TestCertificatesTest {
  private static final TestCertificates CERTIFICATES = TestCertificates.get();

  @Test
  void shouldMakeServersThatAClientOfTheAuthorityTrusts() throws Exception {
    assertThat(statusFrom(CERTIFICATES.server())).isEqualTo(200);
    assertThat(statusFrom(CERTIFICATES.serverWithRsaKey())).isEqualTo(200);
  }

  @Test
  void shouldMakeServersThatItDoesNotTrust() {
    assertThatThrownBy(() -> statusFrom(CERTIFICATES.serverOfAnotherHost()))
        .isInstanceOf(SSLHandshakeException.class);
    assertThatThrownBy(() -> statusFrom(CERTIFICATES.expiredServer()))
        .isInstanceOf(SSLHandshakeException.class)
        .hasStackTraceContaining("NotAfter");
    assertThatThrownBy(() -> statusFrom(CERTIFICATES.selfSignedServer()))
        .isInstanceOf(SSLHandshakeException.class);
  }

  private static int statusFrom(SSLContext server) throws Exception {
    try (var api = FakeRunnerApi.start(RunnerApiOptions.plain().overTls(server));
        var client = HttpClient.newBuilder().sslContext(trusting()).build()) {
      var request =
          HttpRequest.newBuilder(URI.create(api.baseUrl() + Route.FAIL.path()))
              .version(HttpClient.Version.HTTP_1_1)
              .POST(BodyPublishers.ofString("{}"));
      return client.send(request.build(), BodyHandlers.discarding()).statusCode();
    }
  }

  private static SSLContext trusting() throws Exception {
    var pem = CERTIFICATES.authorityPem().getBytes(StandardCharsets.US_ASCII);
    var authority =
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem));
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry("authority", authority);
    var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(store);
    var context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }
}
