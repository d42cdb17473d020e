package com.circleci.runnerinit.clients.runner.trust;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.log.EventLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.TrustAnchor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The system's directories of root certificates: those of {@code SSL_CERT_DIR}, separated by
 * colons, else those where Go's crypto/x509 looks. Every one of them is read.
 */
final class SystemDirectories implements RootSource {
  static final List<String> PLACES =
      List.of(
          "/etc/ssl/certs", // SLES
          "/etc/pki/tls/certs", // Fedora, RHEL
          "/system/etc/security/cacerts", // Android
          "/data/misc/keychain/certs-added"); // Android, the user's own

  private final Map<String, String> environment;
  private final List<String> places;
  private final EventLog log;
  private @Nullable Bundle bundle;

  SystemDirectories(Map<String, String> environment, List<String> places, EventLog log) {
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
    String chosen = environment.getOrDefault("SSL_CERT_DIR", "");
    List<String> directories =
        chosen.isEmpty()
            ? places
            : Arrays.stream(chosen.split(":", -1)).filter(name -> !name.isEmpty()).toList();
    Bundle all = new Bundle();
    for (String directory : directories) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of(directory))) {
        for (Path file : files) {
          readInto(all, file);
        }
      } catch (IOException | DirectoryIteratorException | InvalidPathException e) {
        if (!(e instanceof NoSuchFileException) || !chosen.isEmpty()) {
          UnusableStore.warn(log, directory, UnusableStore.reason(e));
        }
      }
    }
    return all;
  }

  private static void readInto(Bundle all, Path file) {
    try {
      if (!isLinkToNeighbour(file)) {
        all.addAll(StoreFile.read(file));
      }
    } catch (IOException e) {
      // A directory holds more than certificates, and some of it for other users' eyes only.
    }
  }

  /** OpenSSL's links named by hash lead to files that are read anyway. */
  private static boolean isLinkToNeighbour(Path file) throws IOException {
    return Files.isSymbolicLink(file) && !Files.readSymbolicLink(file).toString().contains("/");
  }
}
