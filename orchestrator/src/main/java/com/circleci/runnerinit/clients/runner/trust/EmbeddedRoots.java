package com.circleci.runnerinit.clients.runner.trust;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.security.cert.TrustAnchor;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Mozilla's set of root certificates, so that TLS works from an image that has none. The resource
 * is certificates in DER, one after the other; {@code src/main/roots/update} writes it.
 */
final class EmbeddedRoots implements RootSource {
  private @Nullable Bundle bundle;

  @Override
  public synchronized List<TrustAnchor> named(Set<ByteBuffer> names) throws CertificateException {
    if (bundle == null) {
      bundle = read();
    }
    return bundle.named(names);
  }

  static Bundle read() throws CertificateException {
    try (InputStream resource = EmbeddedRoots.class.getResourceAsStream("roots.der")) {
      if (resource == null) {
        throw new CertificateException("the embedded root certificates are missing");
      }
      ByteBuffer content = ByteBuffer.wrap(resource.readAllBytes());
      Bundle bundle = new Bundle();
      while (content.hasRemaining()) {
        bundle.add(DerReader.element(content));
      }
      return bundle;
    } catch (IOException | IllegalArgumentException e) {
      throw new CertificateException("the embedded root certificates can't be read", e);
    }
  }
}
