package com.circleci.runnerinit.clients.runner.trust;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.log.EventLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.InvalidPathException;
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
  static final List<String> PLACES =
      List.of(
          "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Gentoo, Arch
          "/etc/pki/tls/certs/ca-bundle.crt", // Fedora, RHEL 6
          "/etc/ssl/ca-bundle.pem", // openSUSE
          "/etc/pki/tls/cacert.pem", // OpenELEC
          "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS, RHEL 7
          "/etc/ssl/cert.pem"); // Alpine

  private final Map<String, String> environment;
  private final List<String> places;
  private final EventLog log;
  private @Nullable Bundle bundle;

  SystemFile(Map<String, String> environment, List<String> places, EventLog log) {
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
    for (String place : chosen.isEmpty() ? places : List.of(chosen)) {
      try {
        Bundle read = StoreFile.read(Path.of(place));
        if (read.isEmpty()) {
          UnusableStore.warn(log, place, "it holds no certificate in PEM");
        }
        return read;
      } catch (IOException | InvalidPathException e) {
        if (!(e instanceof NoSuchFileException) || !chosen.isEmpty()) {
          UnusableStore.warn(log, place, UnusableStore.reason(e));
        }
      }
    }
    return new Bundle();
  }
}
