package com.circleci.runnerinit.clients.runner.trust;

import com.circleci.runnerinit.fuzzing.Property;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;

/** Fuzz target: a certificate's names, against those that the JDK finds. */
public final class DerFuzz {
  private DerFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    Optional<DerReader.Names> names = names(input);
    Optional<X509Certificate> certificate = names.flatMap(any -> certificate(input));
    if (names.isPresent() && certificate.isPresent()) {
      checkSame(names.get().subject(), certificate.get().getSubjectX500Principal().getEncoded());
      checkSame(names.get().issuer(), certificate.get().getIssuerX500Principal().getEncoded());
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

  private static void checkSame(ByteBuffer name, byte[] expected) {
    byte[] found = new byte[name.remaining()];
    name.duplicate().get(found);
    Property.holds(
        Arrays.equals(found, expected),
        "%s instead of %s",
        Arrays.toString(found),
        Arrays.toString(expected));
  }
}
