package com.circleci.runnerinit.clients.runner.testing;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Certificates of a private authority, made once for all tests by the running JDK's keytool. */
public final class Certificates {
  /** The newer type spends most of a test's time on the derivation of keys from the password. */
  private static final String STORE_TYPE = "JKS";

  private static final String PASSWORD = "changeit";
  private static final String NAMES = "san=dns:localhost,dns:runner-api,ip:127.0.0.1";
  private static @Nullable Certificates made;

  private final KeyStore store;

  private Certificates(KeyStore store) {
    this.store = store;
  }

  /**
   * The authority is {@code root}, with {@code intermediate} below it. Servers: {@code good},
   * {@code ec}, {@code below} (signed by the intermediate), {@code expired}, {@code future}, {@code
   * elsewhere} (for another host) and {@code selfsigned}.
   */
  public static synchronized Certificates make() throws IOException, GeneralSecurityException {
    if (made == null) {
      Path directory = Files.createTempDirectory("certificates");
      Path file = directory.resolve("store.jks");
      try {
        String[] authority = {"-ext", "bc:c=ca:true", "-ext", "ku:c=keyCertSign"};
        keytool(file, "root", "rsa", "Test Root", authority);
        keytool(
            file, "intermediate", "rsa", "Test Intermediate", with(authority, "-signer", "root"));
        String[] server = {"-ext", NAMES, "-signer", "root"};
        keytool(file, "good", "rsa", "good", server);
        keytool(file, "ec", "ec", "ec", server);
        keytool(file, "below", "rsa", "below", "-ext", NAMES, "-signer", "intermediate");
        keytool(file, "expired", "ec", "expired", with(server, "-startdate", "-400d"));
        keytool(file, "future", "ec", "future", with(server, "-startdate", "+10d"));
        keytool(
            file, "elsewhere", "ec", "x", "-ext", "san=dns:a.test,ip:10.9.8.7", "-signer", "root");
        keytool(file, "selfsigned", "ec", "selfsigned", "-ext", NAMES);
        KeyStore store = KeyStore.getInstance(STORE_TYPE);
        try (InputStream in = Files.newInputStream(file)) {
          store.load(in, PASSWORD.toCharArray());
        }
        made = new Certificates(store);
      } finally {
        Files.deleteIfExists(file);
        Files.deleteIfExists(directory);
      }
    }
    return made;
  }

  /** A server's context that shows one certificate and those above it. */
  public SSLContext identity(String alias) throws GeneralSecurityException, IOException {
    return identity(alias, store.getCertificateChain(alias));
  }

  /** A server's context that shows its certificate alone, as a server set up by mistake does. */
  public SSLContext identityWithoutChain(String alias)
      throws GeneralSecurityException, IOException {
    return identity(alias, new Certificate[] {store.getCertificate(alias)});
  }

  public byte[] der(String alias) throws GeneralSecurityException {
    return store.getCertificate(alias).getEncoded();
  }

  public String pem(String alias) throws GeneralSecurityException {
    byte[] lineBreak = "\n".getBytes(StandardCharsets.US_ASCII);
    return "-----BEGIN CERTIFICATE-----\n"
        + Base64.getMimeEncoder(64, lineBreak).encodeToString(der(alias))
        + "\n-----END CERTIFICATE-----\n";
  }

  private SSLContext identity(String alias, Certificate[] chain)
      throws GeneralSecurityException, IOException {
    KeyStore one = KeyStore.getInstance(STORE_TYPE);
    one.load(null, null);
    char[] password = PASSWORD.toCharArray();
    one.setKeyEntry(alias, store.getKey(alias, password), password, chain);
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(one, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  private static String[] with(String[] arguments, String... more) {
    List<String> all = new ArrayList<>(Arrays.asList(arguments));
    all.addAll(Arrays.asList(more));
    return all.toArray(String[]::new);
  }

  private static void keytool(Path store, String alias, String key, String name, String... more)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"));
    command.addAll(List.of("-genkeypair", "-keystore", store.toString(), "-storetype", STORE_TYPE));
    command.addAll(
        List.of(
            "-storepass", PASSWORD, "-keypass", PASSWORD, "-alias", alias, "-dname", "CN=" + name));
    command.addAll(List.of("-validity", "100", "-sigalg", signature(key, more)));
    command.addAll(
        key.equals("ec")
            ? List.of("-keyalg", "EC", "-groupname", "secp256r1")
            : List.of("-keyalg", "RSA", "-keysize", "2048"));
    command.addAll(Arrays.asList(more));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(Redirect.from(new File("/dev/null")))
            .start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IOException("keytool failed: " + output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** By the signer's kind of key: both authorities have RSA keys. */
  private static String signature(String key, String... more) {
    boolean signed = Arrays.asList(more).contains("-signer");
    return key.equals("ec") && !signed ? "SHA256withECDSA" : "SHA256withRSA";
  }
}
