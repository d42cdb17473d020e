package com.circleci.runnerinit.clients.runner;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CertificateException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathBuilderResult;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts servers that Go's crypto/x509 would: whose certificate is for the host, and leads to a
 * root of the system or of the embedded set. The way there is found and checked by the JDK (RFC
 * 5280); the rules for what stands at its ends are Go's, which are looser in one place (what else
 * the key may be used for) and stricter in the others. Nothing is read before the first handshake.
 *
 * <p>For one thread.
 */
final class ServerTrust extends X509ExtendedTrustManager {
  private final RootStores stores;
  private String host = "";

  /** A server whose certificate is refused; the message says why, in one line. */
  static final class UntrustedException extends CertificateException {
    private static final long serialVersionUID = 1L;

    UntrustedException(String reason) {
      super("tls: failed to verify certificate: x509: " + reason);
    }
  }

  ServerTrust(RootStores stores) {
    this.stores = stores;
  }

  /**
   * Says whom the next handshake is to be with.
   *
   * @param host a name without the root's dot, or an address
   */
  void expect(String host) {
    this.host = host;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String keyExchange, Socket socket)
      throws CertificateException {
    Instant now = Instant.now();
    CertificateWords words = new CertificateWords(chain, now);
    X509Certificate leaf = chain[0];
    Optional<String> refusal = words.outOfTime(leaf).or(() -> words.wrongHost(host));
    if (refusal.isPresent()) {
      throw new UntrustedException(refusal.get());
    }
    List<X509Certificate> roots = new ArrayList<>();
    String reason = words.unknownAuthority();
    for (RootStores.Source source : RootStores.Source.values()) {
      // The folders come last: they are read, file by file, only when nothing else helped.
      if (roots.addAll(stores.named(source, chain))) {
        refusal = refusal(chain, roots, words, now);
        if (refusal.isEmpty()) {
          return;
        }
        reason = refusal.get();
      }
    }
    throw new UntrustedException(reason);
  }

  private static Optional<String> refusal(
      X509Certificate[] chain, List<X509Certificate> roots, CertificateWords words, Instant now)
      throws CertificateException {
    if (roots.contains(chain[0])) {
      return words.wrongUse(List.of(chain[0]));
    }
    Set<TrustAnchor> anchors = new HashSet<>();
    for (X509Certificate root : roots) {
      boolean signs = root.getVersion() < 3 || root.getBasicConstraints() >= 0;
      if (signs && words.outOfTime(root).isEmpty()) {
        anchors.add(new TrustAnchor(root, null));
      }
    }
    if (anchors.isEmpty()) {
      return words.outOfTime(roots.getFirst()).or(() -> Optional.of(words.unknownAuthority()));
    }
    X509CertSelector target = new X509CertSelector();
    target.setCertificate(chain[0]);
    try {
      PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
      parameters.addCertStore(
          CertStore.getInstance(
              "Collection", new CollectionCertStoreParameters(Arrays.asList(chain))));
      parameters.setRevocationEnabled(false);
      parameters.setMaxPathLength(-1);
      parameters.setDate(Date.from(now));
      PKIXCertPathBuilderResult result =
          (PKIXCertPathBuilderResult) CertPathBuilder.getInstance("PKIX").build(parameters);
      List<X509Certificate> path = new ArrayList<>();
      result.getCertPath().getCertificates().forEach(one -> path.add((X509Certificate) one));
      return words
          .weakSignature(path)
          .or(() -> words.tooLong(path, result.getTrustAnchor().getTrustedCert()))
          .or(() -> {
            path.add(result.getTrustAnchor().getTrustedCert());
            return words.wrongUse(path);
          });
    } catch (GeneralSecurityException e) {
      return Optional.of(words.noPath(anchors));
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String keyExchange, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("only sockets are checked");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String keyExchange)
      throws CertificateException {
    throw new CertificateException("only sockets are checked");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String keyType, Socket socket)
      throws CertificateException {
    throw new CertificateException("clients are not trusted");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String keyType, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("clients are not trusted");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String keyType)
      throws CertificateException {
    throw new CertificateException("clients are not trusted");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
