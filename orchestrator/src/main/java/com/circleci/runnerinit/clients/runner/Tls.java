package com.circleci.runnerinit.clients.runner;

import static java.util.Map.entry;

import com.circleci.runnerinit.clients.net.HostPort;
import com.circleci.runnerinit.clients.net.NetworkException;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.SecureRandomSpi;
import java.security.Security;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertPathValidatorException.Reason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.StandardConstants;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * TLS as a client, 1.2 or newer. Nothing of it is touched before the first connection.
 *
 * <p>Servers are trusted that Go's crypto/x509 would trust: whose certificate is for the host, and
 * leads to a root of the system or of the embedded set. Each way to a root is checked by the JDK
 * (RFC 5280); the rules for what stands at its ends are Go's, which are looser in one place (what
 * else the key may be used for) and stricter in the others. So are the words for what is refused:
 * docs/reference/runner-api.md has them in a table.
 */
final class Tls {
  static {
    // The bounds of Go's crypto/tls; ./do gives them to the executable's builder, too.
    System.setProperty("jdk.tls.maxHandshakeMessageSize", "262144");
    System.setProperty("jdk.tls.client.maxInboundCertificateChainLength", "1000");
  }

  private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
  private static final String ANY_USE = "2.5.29.37.0";
  private static final int DNS_NAME = 2;
  private static final int IP_ADDRESS = 7;
  private static final int MAX_PATHS = 100;
  private static final int CHARACTERS_SHOWN = 300;

  /** What stands before a wildcard's dot, and after it: Go's {@code validHostname}. */
  private static final String HOST_NAME = "([a-z0-9_][a-z0-9_-]*\\.)*[a-z0-9_][a-z0-9_-]*";

  private static final String UNKNOWN = "certificate signed by unknown authority ";
  private static final String TOO_LONG = "too many intermediates for path length constraint";
  private static final String NO_AUTHORITY =
      "certificate is not authorized to sign other certificates";
  private static final String WRONG_SIGNER =
      "parent certificate cannot sign this kind of certificate";
  private static final String WRONG_NAME =
      "a root or intermediate certificate is not authorized to sign for this name";
  private static final Map<Reason, String> REASONS =
      Map.ofEntries(
          entry(BasicReason.INVALID_SIGNATURE, UNKNOWN + "(a signature in its chain is wrong)"),
          entry(BasicReason.ALGORITHM_CONSTRAINED, UNKNOWN + "(a key in its chain is too weak)"),
          entry(PKIXReason.NOT_CA_CERT, NO_AUTHORITY),
          entry(PKIXReason.INVALID_KEY_USAGE, UNKNOWN + "(" + WRONG_SIGNER + ")"),
          entry(PKIXReason.PATH_TOO_LONG, TOO_LONG),
          entry(PKIXReason.INVALID_NAME, WRONG_NAME),
          entry(PKIXReason.UNRECOGNIZED_CRIT_EXT, "unhandled critical extension"));

  private final Kernel kernel;
  private final RootStores stores;
  private @Nullable SSLSocketFactory factory;

  Tls(Kernel kernel, RootStores stores) {
    this.kernel = kernel;
    this.stores = stores;
  }

  /** Shakes hands over a connection; the server must prove that it is the one of the URL. */
  SSLSocket over(Socket connection, Url server) throws IOException {
    // A name with the root's dot is the same host, but no certificate is written for it.
    String host = server.host().replaceFirst("\\.$", "");
    SSLSocket socket = (SSLSocket) factory().createSocket(connection, host, server.port(), true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
    boolean isName = HostPort.address(host).isEmpty();
    // The JDK's own SNIHostName takes no underscore.
    byte[] name = host.getBytes(StandardCharsets.US_ASCII);
    SNIServerName serverName = new SNIServerName(StandardConstants.SNI_HOST_NAME, name) {};
    parameters.setServerNames(isName ? List.of(serverName) : List.of());
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  private SSLSocketFactory factory() throws IOException {
    if (factory != null) {
      return factory;
    }
    try {
      Security.insertProviderAt(new KernelRandomness(), 1);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new ServerTrust()}, new SecureRandom());
      factory = context.getSocketFactory();
      return factory;
    } catch (GeneralSecurityException e) {
      throw new NetworkException("tls: not available: " + e.getMessage());
    }
  }

  /** First of the providers, for all that the JDK does: its own open /dev/urandom. */
  @SuppressWarnings("serial") // it is never written
  private final class KernelRandomness extends Provider {
    KernelRandomness() {
      super("KernelRandomness", "1", "getrandom(2)");
      String name = "getrandom";
      putService(
          new Service(this, "SecureRandom", name, KernelRandom.class.getName(), null, null) {
            @Override
            public Object newInstance(@Nullable Object parameter) {
              return new KernelRandom();
            }
          });
    }
  }

  @SuppressWarnings("serial") // it is never written
  private final class KernelRandom extends SecureRandomSpi {
    @Override
    protected void engineSetSeed(byte[] seed) {}

    @Override
    protected void engineNextBytes(byte[] bytes) {
      System.arraycopy(engineGenerateSeed(bytes.length), 0, bytes, 0, bytes.length);
    }

    @Override
    protected byte[] engineGenerateSeed(int count) {
      try {
        return kernel.memory().random(count);
      } catch (KernelException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** The words for what fails in TLS itself. */
  static String reason(Throwable e) {
    String message = String.valueOf(e.getMessage());
    if (message.contains("Unsupported or unrecognized SSL message")) {
      return "tls: first record does not look like a TLS handshake";
    }
    if (message.contains("Remote host terminated the handshake") || message.contains("closed")) {
      return "EOF (the server closed the connection during the TLS handshake)";
    }
    String[] alert = message.split("Received fatal alert: ", 2);
    return alert.length > 1
        ? "remote error: tls: " + alert[1].replace('_', ' ')
        : "tls: " + message;
  }

  private final class ServerTrust extends X509ExtendedTrustManager {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String keyExchange, Socket socket)
        throws CertificateException {
      Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
      checkTime(List.of(chain[0]), now);
      checkHost(chain[0], ((SSLSocket) socket).getHandshakeSession().getPeerHost());
      while (true) {
        try {
          checkPaths(chain, stores.roots, now);
          return;
        } catch (CertificateException e) {
          if (!stores.readMore()) {
            throw e;
          }
        }
      }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String keyExchange, SSLEngine engine) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String keyExchange) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String keyType, Socket socket) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String keyType, SSLEngine engine) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String keyType) {
      throw new UnsupportedOperationException();
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  /** Looks for a way to a root by what the server sent, in any order, as Go does. */
  private static void checkPaths(X509Certificate[] chain, List<X509Certificate> roots, Instant now)
      throws CertificateException {
    if (roots.contains(chain[0])) {
      checkUse(List.of(chain[0]));
      return;
    }
    CertificateException refusal = unknownAuthority(List.of(chain));
    Queue<List<X509Certificate>> paths = new ArrayDeque<>(List.of(List.of(chain[0])));
    for (int tried = 0; tried < MAX_PATHS && !paths.isEmpty(); tried++) {
      List<X509Certificate> path = paths.remove();
      X500Principal issuer = path.getLast().getIssuerX500Principal();
      for (X509Certificate root : roots) {
        if (root.getSubjectX500Principal().equals(issuer)) {
          try {
            checkPath(path, root, now);
            return;
          } catch (CertificateException e) {
            refusal = e;
          }
        }
      }
      for (X509Certificate next : chain) {
        if (next.getSubjectX500Principal().equals(issuer) && !path.contains(next)) {
          paths.add(Stream.concat(path.stream(), Stream.of(next)).toList());
        }
      }
    }
    throw refusal;
  }

  private static void checkPath(List<X509Certificate> path, X509Certificate root, Instant now)
      throws CertificateException {
    List<X509Certificate> all = Stream.concat(path.stream(), Stream.of(root)).toList();
    checkTime(all, now);
    // What version 1 has no extension for is allowed.
    int length = root.getVersion() < 3 ? Integer.MAX_VALUE : root.getBasicConstraints();
    if (length < 0) {
      throw untrusted(NO_AUTHORITY);
    }
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(now));
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
    } catch (CertPathValidatorException e) {
      checkSignatures(path);
      String reason = REASONS.getOrDefault(e.getReason(), "");
      throw reason.isEmpty() ? unknownAuthority(path) : untrusted(reason);
    } catch (GeneralSecurityException e) {
      throw new CertificateException(e);
    }
    checkSignatures(path);
    if (path.size() - 1 > length) {
      throw untrusted(TOO_LONG);
    }
    checkUse(all);
  }

  private static void checkTime(List<X509Certificate> certificates, Instant now)
      throws CertificateException {
    String words = "certificate has expired or is not yet valid: current time " + now;
    String clock = " (it is not valid yet, or the clock of this node is wrong)";
    for (X509Certificate certificate : certificates) {
      Instant begin = certificate.getNotBefore().toInstant();
      Instant end = certificate.getNotAfter().toInstant();
      if (now.isBefore(begin)) {
        throw untrusted(words + " is before " + begin + clock);
      } else if (now.isAfter(end)) {
        throw untrusted(words + " is after " + end);
      }
    }
  }

  /** Go's {@code VerifyHostname}: the common name counts for nothing. */
  private static void checkHost(X509Certificate leaf, String host) throws CertificateException {
    Optional<InetAddress> address = HostPort.address(host);
    int kind = address.isPresent() ? IP_ADDRESS : DNS_NAME;
    List<String> names =
        Stream.ofNullable(leaf.getSubjectAlternativeNames())
            .flatMap(Collection::stream)
            .filter(name -> name.getFirst().equals(kind))
            .map(name -> String.valueOf(name.getLast()))
            .toList();
    String subject = "," + leaf.getSubjectX500Principal().getName() + ",";
    String commonName = ",cn=" + host.toLowerCase(Locale.ROOT) + ",";
    if (names.stream()
        .anyMatch(
            it -> address.isPresent() ? address.equals(HostPort.address(it)) : matches(it, host))) {
      return;
    } else if (!names.isEmpty()) {
      String shown = shortened("certificate is valid for " + String.join(", ", names));
      throw untrusted(shown + ", not " + host);
    } else if (address.isPresent()) {
      String why = " because it doesn't contain any IP SANs";
      throw untrusted("cannot validate certificate for " + host + why);
    } else if (subject.toLowerCase(Locale.ROOT).contains(commonName)) {
      throw untrusted("certificate relies on legacy Common Name field, use SANs instead");
    }
    throw untrusted("certificate is not valid for any names, but wanted to match " + host);
  }

  private static boolean matches(String pattern, String host) {
    String name = host.toLowerCase(Locale.ROOT);
    String lower = pattern.toLowerCase(Locale.ROOT);
    boolean valid = name.matches(HOST_NAME);
    if (lower.startsWith("*.") && name.indexOf('.') > 0) {
      return valid && name.substring(name.indexOf('.')).equals(lower.substring(1));
    }
    return lower.equals(name) || (valid && lower.equals(name + "."));
  }

  private static CertificateException unknownAuthority(List<X509Certificate> chain) {
    X509Certificate leaf = chain.getFirst();
    String issuer = chain.getLast().getIssuerX500Principal().getName();
    return untrusted(
        leaf.getSubjectX500Principal().equals(leaf.getIssuerX500Principal())
            ? UNKNOWN + "(it is self-signed)"
            : shortened(UNKNOWN + "(issuer: " + issuer + ")"));
  }

  /** Each certificate, the root's too, must allow for servers, or say nothing. */
  private static void checkUse(List<X509Certificate> path) throws CertificateException {
    for (X509Certificate certificate : path) {
      @Nullable List<String> uses = certificate.getExtendedKeyUsage();
      if (uses != null && !uses.contains(SERVER_AUTH) && !uses.contains(ANY_USE)) {
        throw untrusted("certificate specifies an incompatible key usage");
      }
    }
  }

  /** Go takes none by SHA-1 or MD5. */
  private static void checkSignatures(List<X509Certificate> path) throws CertificateException {
    for (X509Certificate certificate : path) {
      String algorithm = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
      if (algorithm.startsWith("SHA1") || algorithm.startsWith("MD")) {
        throw untrusted(
            UNKNOWN + "(cannot verify signature: insecure algorithm " + algorithm + ")");
      }
    }
  }

  private static CertificateException untrusted(String reason) {
    return new CertificateException(
        new NetworkException("tls: failed to verify certificate: x509: " + reason));
  }

  private static String shortened(String text) {
    return text.length() <= CHARACTERS_SHOWN ? text : text.substring(0, CHARACTERS_SHOWN) + "…";
  }
}
