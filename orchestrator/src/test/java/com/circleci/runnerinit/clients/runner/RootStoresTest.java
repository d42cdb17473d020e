package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.clients.runner.testing.CapturedLog;
import com.circleci.runnerinit.linux.ForeignSyscalls;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.testing.TestCertificate;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RootStoresTest {
  private static final Path PROVENANCE =
      Path.of(System.getProperty("basedir", "."), "src/main/roots/roots.txt");

  @Test
  void areWhatTheirProvenanceSays() throws Exception {
    String provenance = Files.readString(PROVENANCE);

    byte[] hash = MessageDigest.getInstance("SHA-256").digest(resource());
    assertThat(provenance).contains("sha256:        " + HexFormat.of().formatHex(hash));
    assertThat(provenance).contains("certificates:  " + RootStores.embedded().size() + "\n");
  }

  @Test
  void holdsTheCertificatesAmongOtherText() throws Exception {
    String text =
        "Bundle of roots\r\n# one\n"
            + TestCertificate.ROOT.pem().replace("\n", "\r\n")
            + "between\n"
            + TestCertificate.EC.pem()
            + "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    assertThat(count(text)).isEqualTo(2);
  }

  @Test
  void passesOverABadEntry() throws Exception {
    String text =
        "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n"
            + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
            + "-----BEGIN CERTIFICATE-----\nAAAA\n"
            + TestCertificate.ROOT.pem()
            + "-----BEGIN CERTIFICATE-----\nAAAA\n";
    assertThat(count(text)).isEqualTo(1);
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
  void isEmptyWithoutCertificates(String text) throws Exception {
    assertThat(count(text)).isZero();
  }

  @Test
  void readsNoMoreFilesOfAFolderThanItsBound(@TempDir Path folder) throws Exception {
    String pem = TestCertificate.ROOT.pem();
    for (int i = 0; i < 1010; i++) {
      Files.writeString(folder.resolve(i + ".pem"), pem);
    }
    CapturedLog captured = new CapturedLog();
    RootStores stores =
        new RootStores(
            Kernel.of(new ForeignSyscalls()),
            Map.of("SSL_CERT_FILE", "/dev/null", "SSL_CERT_DIR", folder.toString()),
            captured.log());
    while (stores.readMore()) {}
    assertThat(stores.roots).hasSize(RootStores.embedded().size() + 1000);
    assertThat(captured.lines().getLast()).contains("only 1000 of its 1010 files are read");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/dev/zero", "/proc/self/mem", "/tmp", "/etc/hostname", "/\u00e4\u0001"})
  void saysThatAFileIsUselessAndGoesOn(String file, @TempDir Path folder) throws Exception {
    CapturedLog captured = new CapturedLog();
    RootStores stores =
        new RootStores(
            Kernel.of(new ForeignSyscalls()),
            Map.of("SSL_CERT_FILE", file, "SSL_CERT_DIR", folder.toString()),
            captured.log());
    while (stores.readMore()) {}
    assertThat(stores.roots).hasSameSizeAs(RootStores.embedded());
    assertThat(captured.lines())
        .singleElement()
        .asString()
        .contains("certificate store can't be used");
  }

  private static int count(String text) throws Exception {
    return RootStores.certificates(text.getBytes(StandardCharsets.ISO_8859_1)).size();
  }

  private static byte[] resource() throws Exception {
    try (InputStream in = RootStores.class.getResourceAsStream("roots.der")) {
      assertThat(in).isNotNull();
      return in.readAllBytes();
    }
  }
}
