package com.circleci.runnerinit.clients.runner.trust;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.log.EventLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.TrustAnchor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The system's bundle of root certificates: {@code SSL_CERT_FILE}, else the first that can be read
 * of the places where Go's crypto/x509 looks.
 */
final class SystemFile implements RootSource {
  static final List<Path> PLACES =
      List.of(
          Path.of("/etc/ssl/certs/ca-certificates.crt"), // Debian, Ubuntu, Gentoo, Arch
          Path.of("/etc/pki/tls/certs/ca-bundle.crt"), // Fedora, RHEL 6
          Path.of("/etc/ssl/ca-bundle.pem"), // openSUSE
          Path.of("/etc/pki/tls/cacert.pem"), // OpenELEC
          Path.of("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"), // CentOS, RHEL 7
          Path.of("/etc/ssl/cert.pem")); // Alpine

  private final Map<String, String> environment;
  private final List<Path> places;
  private final EventLog log;
  private @Nullable Bundle bundle;

  SystemFile(Map<String, String> environment, List<Path> places, EventLog log) {
    this.environment = requireNonNull(environment, "environment is null");
    this.places = List.copyOf(places);
    this.log = requireNonNull(log, "log is null");
  }

  @Override
  public synchronized List<TrustAnchor> named(Set<ByteBuffer> names) throws CertificateException {
    if (bundle == null) {
      bundle = read();
    }
    return bundle.named(names);
  }

  private Bundle read() {
    String chosen = environment.getOrDefault("SSL_CERT_FILE", "");
    for (Path place : chosen.isEmpty() ? places : List.of(Path.of(chosen))) {
      try {
        Bundle read = StoreFile.read(place);
        if (read.isEmpty()) {
          warn(place, "it holds no certificate in PEM");
        }
        return read;
      } catch (NoSuchFileException e) {
        if (!chosen.isEmpty()) {
          warn(place, StoreFile.reason(e));
        }
      } catch (IOException e) {
        warn(place, StoreFile.reason(e));
      }
    }
    return new Bundle();
  }

  private void warn(Path place, String reason) {
    log.event("runner API: trusted certificates")
        .with("path", place.toString())
        .warning("certificate store can't be used, going on without it: " + reason)
        .write();
  }
}
