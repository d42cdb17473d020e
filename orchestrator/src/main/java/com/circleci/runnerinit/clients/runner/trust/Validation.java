package com.circleci.runnerinit.clients.runner.trust;

import static java.util.Objects.requireNonNull;

import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.Set;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** The JDK's validation of one server's chain: its path (RFC 5280) and its names (RFC 2818). */
final class Validation {
  private final X509Certificate[] chain;
  private final String keyExchange;
  private final SSLSocket connection;

  Validation(X509Certificate[] chain, String keyExchange, SSLSocket connection) {
    this.chain = chain.clone();
    this.keyExchange = requireNonNull(keyExchange, "keyExchange is null");
    this.connection = requireNonNull(connection, "connection is null");
  }

  boolean passesWith(Set<TrustAnchor> anchors) throws CertificateException {
    try {
      manager(anchors).checkServerTrusted(chain, keyExchange, connection);
      return true;
    } catch (CertificateException e) {
      return false;
    } catch (NoSuchAlgorithmException | InvalidAlgorithmParameterException e) {
      throw new CertificateException("certificates can't be checked: " + e.getMessage(), e);
    }
  }

  /** Says why the chain does not pass. */
  String refusal(Set<TrustAnchor> anchors) throws CertificateException {
    Refusal refusal = new Refusal(chain, connection.getHandshakeSession().getPeerHost());
    if (anchors.isEmpty()) {
      return refusal.unknownAuthority();
    }
    try {
      // Without the socket the host name is not checked: what passes now fails for its name.
      manager(anchors).checkServerTrusted(chain, keyExchange);
      return refusal.wrongHost();
    } catch (CertificateException e) {
      return refusal.badPath(e);
    } catch (GeneralSecurityException e) {
      throw new CertificateException("certificates can't be checked: " + e.getMessage(), e);
    }
  }

  private static X509ExtendedTrustManager manager(Set<TrustAnchor> anchors)
      throws NoSuchAlgorithmException, InvalidAlgorithmParameterException {
    PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, new X509CertSelector());
    parameters.setRevocationEnabled(false);
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(new CertPathTrustManagerParameters(parameters));
    return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
  }
}
