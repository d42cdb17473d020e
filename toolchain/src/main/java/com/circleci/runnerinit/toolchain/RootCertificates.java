package com.circleci.runnerinit.toolchain;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;

/** A trust store of OpenJDK's own root certificates, which are the same on every machine. */
final class RootCertificates {
  private RootCertificates() {}

  static void write(Path certificates, Path store) throws IOException, GeneralSecurityException {
    var factory = CertificateFactory.getInstance("X.509");
    KeyStore keys = KeyStore.getInstance("pkcs12");
    keys.load(null, null);
    for (Path file : Trees.files(certificates)) {
      String name = file.getFileName().toString();
      if (!name.equals("README")) {
        try (InputStream in = Files.newInputStream(file)) {
          keys.setCertificateEntry(name + " [jdk]", factory.generateCertificate(in));
        }
      }
    }
    try (OutputStream out = Files.newOutputStream(store)) {
      // Without a password it is neither encrypted nor signed, like the JDK's.
      keys.store(out, null);
    }
  }
}
