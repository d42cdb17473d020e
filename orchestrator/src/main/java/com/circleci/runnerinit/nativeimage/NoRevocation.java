package com.circleci.runnerinit.nativeimage;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Revocation is not checked (docs/decisions/0009-tls-roots.md), nor are certificates fetched that a
 * server has not sent: so their clients for OCSP, CRLs and HTTP are left out.
 */
@TargetClass(className = "sun.security.provider.certpath.RevocationChecker")
@SuppressWarnings({"unused", "DoNotCallSuggester"}) // the names are the JDK's
final class NoRevocation {
  private NoRevocation() {}

  @Substitute
  public void init(boolean forward) throws CertPathValidatorException {
    throw new CertPathValidatorException("revocation is not checked");
  }

  @Substitute
  public void check(Certificate certificate, Collection<String> unresolvedCriticalExtensions)
      throws CertPathValidatorException {
    throw new CertPathValidatorException("revocation is not checked");
  }

  @TargetClass(className = "sun.security.provider.certpath.URICertStore")
  static final class Fetched {
    private Fetched() {}

    @TargetClass(className = "sun.security.x509.AccessDescription")
    static final class AccessDescription {
      private AccessDescription() {}
    }

    @Substitute
    static @Nullable CertStore getInstance(AccessDescription description) {
      return null;
    }
  }
}
