package com.circleci.runnerinit.clients.runner;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.log.EventLog;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** The root certificates of the system, where Go's crypto/x509 looks for them, and our own. */
final class RootStores {
  private static final List<String> FILES =
      List.of(
          "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Gentoo, Arch
          "/etc/pki/tls/certs/ca-bundle.crt", // Fedora, RHEL 6
          "/etc/ssl/ca-bundle.pem", // openSUSE
          "/etc/pki/tls/cacert.pem", // OpenELEC
          "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS, RHEL 7
          "/etc/ssl/cert.pem"); // Alpine
  private static final List<String> FOLDERS =
      List.of(
          "/etc/ssl/certs", // SLES
          "/etc/pki/tls/certs", // Fedora, RHEL
          "/system/etc/security/cacerts", // Android
          "/data/misc/keychain/certs-added"); // Android, the user's own

  /** Forty times the usual bundle: what is bigger is something else, and memory is small. */
  private static final int MAX_BYTES = 8 << 20;

  /** Twice as many as a distribution's folder has, its links included. */
  private static final int MAX_FILES = 1000;

  private static final String UNUSABLE = "certificate store can't be used, going on without it: ";
  private static final String BEGIN = "-----BEGIN CERTIFICATE-----";

  private final Kernel kernel;
  private final Map<String, String> environment;
  private final EventLog log;

  /** Those that were read until now. */
  final List<X509Certificate> roots = new ArrayList<>();

  /** The system's file; Mozilla's set, for an image that has none; the system's folders. */
  private final Iterator<Runnable> sources =
      List.<Runnable>of(this::readFile, () -> roots.addAll(embedded()), this::readFolders)
          .iterator();

  RootStores(Kernel kernel, Map<String, String> environment, EventLog log) {
    this.kernel = kernel;
    this.environment = environment;
    this.log = log;
  }

  /** Reads the next source. False if there is no other. */
  boolean readMore() {
    boolean hasNext = sources.hasNext();
    if (hasNext) {
      sources.next().run();
    }
    return hasNext;
  }

  private void readFile() {
    String chosen = environment.getOrDefault("SSL_CERT_FILE", "");
    for (String file : chosen.isEmpty() ? FILES : List.of(chosen)) {
      try {
        if (!roots.addAll(certificates(read(file)))) {
          warn(file, UNUSABLE + "it holds no certificate in PEM");
        }
        return;
      } catch (IOException e) {
        warnUnlessMissing(file, e, !chosen.isEmpty());
      }
    }
  }

  private void readFolders() {
    String chosen = environment.getOrDefault("SSL_CERT_DIR", "");
    for (String folder : chosen.isEmpty() ? FOLDERS : List.of(chosen.split(":", -1))) {
      try {
        List<String> names = folder.isEmpty() ? List.of() : kernel.files().list(folder);
        if (names.size() > MAX_FILES) {
          warn(folder, "only " + MAX_FILES + " of its " + names.size() + " files are read");
        }
        names.stream().limit(MAX_FILES).forEach(name -> readFileOfFolder(folder + "/" + name));
      } catch (IOException e) {
        warnUnlessMissing(folder, e, !chosen.isEmpty());
      }
    }
  }

  private void readFileOfFolder(String file) {
    try {
      roots.addAll(certificates(read(file)));
    } catch (KernelException e) {
      // A folder holds more than certificates, and some of it for other users' eyes only.
    } catch (IOException e) {
      warn(file, UNUSABLE + e.getMessage());
    }
  }

  private byte[] read(String file) throws IOException {
    byte[] content = kernel.files().read(file, MAX_BYTES + 1);
    if (content.length > MAX_BYTES) {
      throw new IOException("larger than 8 MiB");
    }
    return content;
  }

  /** What stands between the certificates is skipped, and so is what is none. */
  static List<X509Certificate> certificates(byte[] pem) {
    List<X509Certificate> roots = new ArrayList<>();
    String text = new String(pem, StandardCharsets.ISO_8859_1);
    int at = text.indexOf(BEGIN);
    while (at >= 0) {
      int end = text.indexOf(BEGIN, at + BEGIN.length());
      try {
        int length = (end < 0 ? pem.length : end) - at;
        roots.add(next(new ByteArrayInputStream(pem, at, length)));
      } catch (CertificateException e) {
        // One bad entry must not make the others useless.
      }
      at = end;
    }
    return roots;
  }

  /** In DER, one after the other; {@code src/main/roots/update} writes the resource. */
  static List<X509Certificate> embedded() {
    List<X509Certificate> roots = new ArrayList<>();
    try (InputStream resource = RootStores.class.getResourceAsStream("roots.der")) {
      InputStream in = new ByteArrayInputStream(requireNonNull(resource).readAllBytes());
      while (in.available() > 0) {
        roots.add(next(in));
      }
      return roots;
    } catch (IOException | CertificateException e) {
      throw new IllegalStateException("the embedded root certificates can't be read", e);
    }
  }

  private static X509Certificate next(InputStream in) throws CertificateException {
    return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
  }

  private void warnUnlessMissing(String place, IOException e, boolean chosen) {
    boolean isMissing = e instanceof KernelException it && it.errno() == Errno.ENOENT;
    if (chosen || !isMissing) {
      warn(place, UNUSABLE + (e instanceof KernelException it ? it.reason() : e.getMessage()));
    }
  }

  private void warn(String place, String text) {
    log.event("runner API: trusted certificates").with("path", place).warning(text).write();
  }
}
