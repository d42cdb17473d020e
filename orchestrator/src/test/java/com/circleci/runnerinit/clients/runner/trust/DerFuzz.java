package com.circleci.runnerinit.clients.runner.trust;

import com.circleci.runnerinit.fuzzing.Property;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;

/** Fuzz target: a certificate's names, against those that the JDK finds. */
public final class DerFuzz {
  private DerFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    Optional<DerReader.Names> names = names(input);
    Optional<X509Certificate> certificate = names.flatMap(any -> certificate(input));
    if (names.isPresent() && certificate.isPresent()) {
      checkSame(names.get().subject(), certificate.get().getSubjectX500Principal());
      checkSame(names.get().issuer(), certificate.get().getIssuerX500Principal());
    }
  }

  private static Optional<DerReader.Names> names(byte[] der) {
    try {
      return Optional.of(DerReader.names(ByteBuffer.wrap(der)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<X509Certificate> certificate(byte[] der) {
    try {
      return Optional.of(
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der)));
    } catch (CertificateException e) {
      return Optional.empty();
    }
  }

  /**
   * The same name: the JDK's own encoding differs where the certificate's is not DER's shortest.
   */
  private static void checkSame(ByteBuffer name, X500Principal expected) {
    byte[] encoded = new byte[name.remaining()];
    name.duplicate().get(encoded);
    X500Principal found = new X500Principal(encoded);
    Property.holds(found.equals(expected), "%s instead of %s", found, expected);
  }
}
