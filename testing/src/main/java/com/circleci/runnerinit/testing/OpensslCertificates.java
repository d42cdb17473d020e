package com.circleci.runnerinit.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import okhttp3.tls.HeldCertificate;

/** Certificates by openssl(1), each in some milliseconds, with what extensions a test wants. */
public final class OpensslCertificates {
  /** Keys on an elliptic curve. */
  public static final String EC = "-newkey ec -pkeyopt ec_paramgen_curve:P-256";

  public static final String RSA = "-newkey rsa:2048";

  private final Path folder;

  /**
   * Makes them into a folder.
   *
   * @param folder that exists
   */
  public OpensslCertificates(Path folder) {
    this.folder = folder;
  }

  /** Makes an authority that signs itself. */
  public OpensslCertificates root(String name, String... extensions) {
    return make(name, "", EC, extensions);
  }

  /**
   * Makes a certificate for a hundred days.
   *
   * @param issuer one that was made before; empty: itself
   * @param keys options of {@code openssl req} about the keys and the signature, between spaces
   * @param extensions as of x509v3_config(5); without one for the basic constraints, it is an
   *     authority
   */
  public OpensslCertificates make(String name, String issuer, String keys, String... extensions) {
    var command =
        new ArrayList<>(List.of("/usr/bin/openssl", "req", "-x509", "-noenc", "-days", "100"));
    command.addAll(Arrays.asList(keys.split(" ", -1)));
    command.addAll(List.of("-subj", "/CN=" + name, "-keyout", path(name, "key")));
    command.addAll(List.of("-out", path(name, "pem")));
    if (!issuer.isEmpty()) {
      command.addAll(List.of("-CA", path(issuer, "pem"), "-CAkey", path(issuer, "key")));
    }
    for (var extension : extensions) {
      command.addAll(List.of("-addext", extension));
    }
    Command.succeed(command.toArray(String[]::new));
    return this;
  }

  /** The certificates, one after the other. */
  public String pem(String... names) {
    return Stream.of(names).map(name -> read(name, "pem")).collect(Collectors.joining());
  }

  /** Certificate and key, for a server that is not Java's. */
  public String pemWithKey(String name) {
    return pem(name) + key(name);
  }

  public String key(String name) {
    return read(name, "key");
  }

  private String read(String name, String kind) {
    try {
      return Files.readString(Path.of(path(name, kind)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String path(String name, String kind) {
    return folder.resolve(name.replaceAll("[^a-z0-9]", "_") + "." + kind).toString();
  }

  /** A server's context that shows certificates, its own first. */
  public SSLContext server(String... chain) {
    var above =
        Arrays.stream(chain)
            .skip(1)
            .map(name -> HeldCertificate.decode(pemWithKey(name)).certificate())
            .toArray(X509Certificate[]::new);
    return TestCertificate.context(HeldCertificate.decode(pemWithKey(chain[0])), above);
  }
}
