package com.circleci.runnerinit.clients.runner.trust;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class EmbeddedRootsTest {
  private static final Path PROVENANCE =
      Path.of(System.getProperty("basedir", "."), "src/main/roots/roots.txt");

  @Test
  void areWhatTheirProvenanceSays() throws Exception {
    String provenance = Files.readString(PROVENANCE);

    byte[] hash = MessageDigest.getInstance("SHA-256").digest(resource());
    assertThat(provenance).contains("sha256:        " + HexFormat.of().formatHex(hash));
    assertThat(provenance).contains("certificates:  " + EmbeddedRoots.read().size() + "\n");
  }

  @Test
  void areEachFoundByTheirName() throws Exception {
    EmbeddedRoots roots = new EmbeddedRoots();
    List<X509Certificate> all = all();
    assertThat(all).hasSizeGreaterThan(100);
    for (X509Certificate root : all) {
      ByteBuffer name = ByteBuffer.wrap(root.getSubjectX500Principal().getEncoded());
      assertThat(roots.named(Set.of(name))).map(TrustAnchor::getTrustedCert).contains(root);
    }
  }

  @Test
  void areNamedAsTheJdkNamesThem() throws Exception {
    for (X509Certificate root : all()) {
      DerReader.Names names = DerReader.names(ByteBuffer.wrap(root.getEncoded()));
      assertThat(names.subject())
          .isEqualTo(ByteBuffer.wrap(root.getSubjectX500Principal().getEncoded()));
      assertThat(names.issuer())
          .isEqualTo(ByteBuffer.wrap(root.getIssuerX500Principal().getEncoded()));
    }
  }

  private static List<X509Certificate> all() throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    List<X509Certificate> all = new ArrayList<>();
    ByteBuffer content = ByteBuffer.wrap(resource());
    while (content.hasRemaining()) {
      ByteBuffer element = DerReader.element(content);
      byte[] encoded = new byte[element.remaining()];
      element.get(encoded);
      all.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(encoded)));
    }
    return all;
  }

  private static byte[] resource() throws Exception {
    try (InputStream in = EmbeddedRoots.class.getResourceAsStream("roots.der")) {
      assertThat(in).isNotNull();
      return in.readAllBytes();
    }
  }
}
