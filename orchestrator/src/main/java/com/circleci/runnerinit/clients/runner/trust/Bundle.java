package com.circleci.runnerinit.clients.runner.trust;

import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Root certificates by subject, each parsed only when a server's chain names it: a bundle holds
 * over a hundred of them, and the process may have a twentieth of a processor.
 */
final class Bundle implements RootSource {
  private final Map<ByteBuffer, List<ByteBuffer>> bySubject = new HashMap<>();

  /** Adds a certificate in DER; what is none is left out. */
  void add(ByteBuffer certificate) {
    try {
      bySubject
          .computeIfAbsent(DerReader.names(certificate).subject(), subject -> new ArrayList<>(1))
          .add(certificate);
    } catch (IllegalArgumentException e) {
      // One bad entry must not make the others useless.
    }
  }

  void addAll(Bundle other) {
    other.bySubject.values().forEach(certificates -> certificates.forEach(this::add));
  }

  boolean isEmpty() {
    return bySubject.isEmpty();
  }

  int size() {
    return bySubject.values().stream().mapToInt(List::size).sum();
  }

  @Override
  public List<TrustAnchor> named(Set<ByteBuffer> names) throws CertificateException {
    List<TrustAnchor> anchors = new ArrayList<>();
    for (ByteBuffer name : names) {
      for (ByteBuffer encoded : bySubject.getOrDefault(name, List.of())) {
        anchors.add(new TrustAnchor(parse(encoded), null));
      }
    }
    return anchors;
  }

  private static X509Certificate parse(ByteBuffer encoded) throws CertificateException {
    byte[] bytes = new byte[encoded.remaining()];
    encoded.duplicate().get(bytes);
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(bytes));
  }
}
