package com.circleci.runnerinit.clients.runner.trust;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.clients.runner.testing.Certificates;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BundleTest {
  private static Certificates certificates;

  @BeforeAll
  static void makeCertificates() throws Exception {
    certificates = Certificates.make();
  }

  @Test
  void holdsTheCertificatesAmongOtherText() throws Exception {
    String text =
        "Bundle of roots\r\n# one\n"
            + certificates.pem("root").replace("\n", "\r\n")
            + "between\n"
            + certificates.pem("ec")
            + "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    assertThat(pem(text).size()).isEqualTo(2);
  }

  @Test
  void passesOverABadEntry() throws Exception {
    String text =
        "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n"
            + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
            + "-----BEGIN CERTIFICATE-----\nAAAA\n"
            + certificates.pem("root")
            + "-----BEGIN CERTIFICATE-----\nAAAA\n";
    assertThat(pem(text).size()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "text",
        "-----BEGIN CERTIFICATE-----",
        "-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----END CERTIFICATE-----"
      })
  void isEmptyWithoutCertificates(String text) {
    assertThat(pem(text).isEmpty()).isTrue();
  }

  @Test
  void takesNoDamagedCertificateForMoreThanItIs() throws Exception {
    byte[] good = certificates.der("root");
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = Arrays.copyOf(good, random.nextInt(good.length + 1));
      for (int changes = random.nextInt(4); changes > 0 && damaged.length > 0; changes--) {
        damaged[random.nextInt(Math.min(damaged.length, 200))] = (byte) random.nextInt();
      }
      Bundle bundle = new Bundle();
      bundle.add(ByteBuffer.wrap(damaged));
      assertThat(bundle.size()).isLessThanOrEqualTo(1);
    }
  }

  private static Bundle pem(String text) {
    return Pem.certificates(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
