package com.circleci.runnerinit.clients.runner.trust;

import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.security.cert.TrustAnchor;
import java.util.List;
import java.util.Set;

/** A place that root certificates come from. */
@FunctionalInterface
interface RootSource {
  /**
   * The roots whose subject is one of the names, compared byte by byte as Go does.
   *
   * @param names encoded in DER
   */
  List<TrustAnchor> named(Set<ByteBuffer> names) throws CertificateException;
}
