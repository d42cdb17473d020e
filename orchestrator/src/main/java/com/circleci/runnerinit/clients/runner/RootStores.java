package com.circleci.runnerinit.clients.runner;

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
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

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

  private static final byte[] BEGIN =
      "-----BEGIN CERTIFICATE-----".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] END = "-----END CERTIFICATE-----".getBytes(StandardCharsets.US_ASCII);

  private final Kernel kernel;
  private final Map<String, String> environment;
  private final EventLog log;
  private final Map<Source, List<X509Certificate>> read = new EnumMap<>(Source.class);

  /** Where roots come from, in the order in which they are asked. */
  enum Source {
    /** {@code SSL_CERT_FILE}, else the first file that can be read. */
    FILE,
    /** Mozilla's set, so that TLS works from an image that has none. */
    EMBEDDED,
    /** All files of the folders of {@code SSL_CERT_DIR}, else of those that are usual. */
    FOLDERS
  }

  RootStores(Kernel kernel, Map<String, String> environment, EventLog log) {
    this.kernel = kernel;
    this.environment = environment;
    this.log = log;
  }

  /** The certificates of a source that a chain names. */
  List<X509Certificate> named(Source source, X509Certificate[] chain) throws CertificateException {
    @Nullable List<X509Certificate> all = read.get(source);
    if (all == null) {
      all =
          switch (source) {
            case FILE -> file();
            case EMBEDDED -> embedded();
            case FOLDERS -> folders();
          };
      read.put(source, all);
    }
    Set<X500Principal> names = new HashSet<>();
    for (X509Certificate certificate : chain) {
      names.add(certificate.getSubjectX500Principal());
      names.add(certificate.getIssuerX500Principal());
    }
    return all.stream().filter(root -> names.contains(root.getSubjectX500Principal())).toList();
  }

  private List<X509Certificate> file() throws CertificateException {
    String chosen = environment.getOrDefault("SSL_CERT_FILE", "");
    for (String place : chosen.isEmpty() ? FILES : List.of(chosen)) {
      try {
        List<X509Certificate> roots = new ArrayList<>();
        readPem(place, roots);
        if (roots.isEmpty()) {
          warn(place, "it holds no certificate in PEM");
        }
        return roots;
      } catch (IOException e) {
        warnUnlessMissing(place, e, !chosen.isEmpty());
      }
    }
    return List.of();
  }

  private List<X509Certificate> folders() throws CertificateException {
    String chosen = environment.getOrDefault("SSL_CERT_DIR", "");
    List<X509Certificate> roots = new ArrayList<>();
    for (String folder : chosen.isEmpty() ? FOLDERS : Arrays.asList(chosen.split(":", -1))) {
      if (folder.isEmpty()) {
        continue;
      }
      try {
        if (!kernel.files().status(folder).isDirectory()) {
          throw new KernelException("open " + folder, Errno.ENOTDIR);
        }
        for (String name : kernel.files().list(folder)) {
          readFromFolder(folder + "/" + name, roots);
        }
      } catch (IOException e) {
        warnUnlessMissing(folder, e, !chosen.isEmpty());
      }
    }
    return roots;
  }

  private void readFromFolder(String file, List<X509Certificate> roots)
      throws CertificateException {
    try {
      if (!kernel.files().readLink(file).contains("/")) {
        // OpenSSL's links, named by hash, lead to files that are read anyway.
        return;
      }
    } catch (KernelException e) {
      // It is no link.
    }
    try {
      readPem(file, roots);
    } catch (TooLargeException e) {
      warn(file, e.getMessage());
    } catch (IOException e) {
      // A folder holds more than certificates, and some of it for other users' eyes only.
    }
  }

  private static final class TooLargeException extends IOException {
    private static final long serialVersionUID = 1L;

    TooLargeException() {
      super("larger than 8 MiB");
    }
  }

  private void readPem(String file, List<X509Certificate> roots)
      throws IOException, CertificateException {
    byte[] content = kernel.files().read(file, MAX_BYTES + 1);
    if (content.length > MAX_BYTES) {
      throw new TooLargeException();
    }
    roots.addAll(certificates(content));
  }

  /** What stands between the certificates is skipped, and so is what is none. */
  static List<X509Certificate> certificates(byte[] content) throws CertificateException {
    List<X509Certificate> roots = new ArrayList<>();
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    int begin = indexOf(content, BEGIN, 0);
    while (begin >= 0) {
      int end = indexOf(content, END, begin);
      int next = indexOf(content, BEGIN, begin + BEGIN.length);
      if (end >= 0 && (next < 0 || end < next)) {
        int length = end + END.length - begin;
        try {
          roots.add(
              (X509Certificate)
                  factory.generateCertificate(new ByteArrayInputStream(content, begin, length)));
        } catch (CertificateException e) {
          // One bad entry must not make the others useless.
        }
      }
      begin = next;
    }
    return roots;
  }

  private static int indexOf(byte[] content, byte[] wanted, int from) {
    for (int i = from; i <= content.length - wanted.length; i++) {
      if (content[i] == wanted[0]
          && Arrays.equals(content, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * The resource is certificates in DER, one after the other; {@code src/main/roots/update} writes
   * it.
   */
  static List<X509Certificate> embedded() throws CertificateException {
    try (InputStream resource = RootStores.class.getResourceAsStream("roots.der")) {
      if (resource == null) {
        throw new CertificateException("the embedded root certificates are missing");
      }
      InputStream in = new ByteArrayInputStream(resource.readAllBytes());
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      List<X509Certificate> roots = new ArrayList<>();
      while (in.available() > 0) {
        roots.add((X509Certificate) factory.generateCertificate(in));
      }
      return roots;
    } catch (IOException e) {
      throw new CertificateException("the embedded root certificates can't be read", e);
    }
  }

  private void warnUnlessMissing(String place, IOException e, boolean chosen) {
    boolean missing = e instanceof KernelException kernel && kernel.errno() == Errno.ENOENT;
    if (chosen || !missing) {
      warn(
          place,
          e instanceof KernelException kernel ? kernel.reason() : String.valueOf(e.getMessage()));
    }
  }

  /** The others may do. */
  private void warn(String place, @Nullable String reason) {
    log.event("runner API: trusted certificates")
        .with("path", place)
        .warning("certificate store can't be used, going on without it: " + reason)
        .write();
  }
}
