package com.circleci.runnerinit.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A certificate authority and what it has signed, good and bad, made by the JDK's {@code keytool}
 * in two seconds.
 */
public final class TestCertificates {
  /** The name, beside the loopback addresses, that {@link #server()} is valid for. */
  public static final String HOST = "runner.test";

  private static final String PASSWORD = "changeit";

  private final Path store;
  private final KeyStore keys;

  private TestCertificates(Path store, KeyStore keys) {
    this.store = store;
    this.keys = keys;
  }

  /** Made once a JVM. */
  public static TestCertificates get() {
    return Holder.INSTANCE;
  }

  /** The authority's certificate, for SSL_CERT_FILE. */
  public String authorityPem() {
    return certificatePem("ca");
  }

  /** The certificate of {@link #selfSignedServer()}. */
  public String selfSignedPem() {
    return certificatePem("alone");
  }

  /** Certificate and key of {@link #serverWithRsaKey()}, for a server that is not Java's. */
  public String serverWithRsaKeyPem() {
    try {
      var key = keys.getKey("rsa", PASSWORD.toCharArray()).getEncoded();
      return certificatePem("rsa") + pem("PRIVATE KEY", key);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no key in " + store, e);
    }
  }

  private String certificatePem(String alias) {
    try {
      return pem("CERTIFICATE", keys.getCertificate(alias).getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no certificate of " + alias + " in " + store, e);
    }
  }

  private static String pem(String what, byte[] encoded) {
    var base64 = Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(encoded);
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(what, base64, what);
  }

  /** An elliptic curve key. */
  public SSLContext server() {
    return context("server");
  }

  public SSLContext serverWithRsaKey() {
    return context("rsa");
  }

  public SSLContext serverOfAnotherHost() {
    return context("elsewhere");
  }

  public SSLContext expiredServer() {
    return context("expired");
  }

  public SSLContext selfSignedServer() {
    return context("alone");
  }

  private SSLContext context(String alias) {
    try {
      var single = KeyStore.getInstance("PKCS12");
      single.load(null, null);
      single.setKeyEntry(
          alias,
          keys.getKey(alias, PASSWORD.toCharArray()),
          PASSWORD.toCharArray(),
          keys.getCertificateChain(alias));
      var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(single, PASSWORD.toCharArray());
      var context = SSLContext.getInstance("TLS");
      context.init(managers.getKeyManagers(), null, null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("cannot use certificate " + alias, e);
    }
  }

  private static TestCertificates make() throws IOException, GeneralSecurityException {
    var folder = Files.createTempDirectory("test-certificates");
    var store = folder.resolve("keys.p12");
    var san = "san=dns:localhost,dns:" + HOST + ",ip:127.0.0.1,ip:0:0:0:0:0:0:0:1";
    pair(store, "ca", "EC", "-ext", "bc:c=ca:true", "-ext", "ku:c=keyCertSign");
    pair(store, "server", "EC", "-signer", "ca", "-ext", san);
    pair(store, "rsa", "RSA", "-signer", "ca", "-ext", san);
    pair(store, "elsewhere", "EC", "-signer", "ca", "-ext", "san=dns:elsewhere.test");
    pair(
        store,
        "expired",
        "EC",
        "-signer",
        "ca",
        "-ext",
        san,
        "-startdate",
        "-30d",
        "-validity",
        "1");
    pair(store, "alone", "EC", "-ext", san);
    var keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
    Files.delete(store);
    Files.delete(folder);
    return new TestCertificates(store, keys);
  }

  private static void pair(Path store, String alias, String algorithm, String... more)
      throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-XX:TieredStopAtLevel=1",
                "-genkeypair",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD,
                "-alias",
                alias,
                "-keyalg",
                algorithm,
                "-dname",
                "CN=" + alias + " of the tests"));
    command.addAll(List.of(more));
    var keytool =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .start();
    var said = new String(keytool.getInputStream().readAllBytes(), UTF_8);
    if (awaitExit(keytool) != 0) {
      throw new IOException("keytool: " + said);
    }
  }

  private static int awaitExit(Process process) throws IOException {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static final class Holder {
    static final TestCertificates INSTANCE = load();

    private static TestCertificates load() {
      try {
        return make();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
