package com.circleci.runnerinit.clients.runner.trust;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.log.EventLog;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts servers whose chain leads to a root of the system or of the embedded set. The validation
 * is the JDK's, host name included; only which roots it gets to see is decided here. Nothing is
 * read before the first handshake.
 */
public final class ServerTrust extends X509ExtendedTrustManager {
  private final List<RootSource> sources;

  /** Trusts what the environment, the system and the embedded set say. */
  public static ServerTrust of(Map<String, String> environment, EventLog log) {
    // The directories come last: they are read, file by file, only when nothing else helped.
    return new ServerTrust(
        List.of(
            new SystemFile(environment, SystemFile.PLACES, log),
            new EmbeddedRoots(),
            new SystemDirectories(environment, SystemDirectories.PLACES, log)));
  }

  ServerTrust(List<RootSource> sources) {
    this.sources = List.copyOf(requireNonNull(sources, "sources is null"));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String keyExchange, Socket socket)
      throws CertificateException {
    if (!(socket instanceof SSLSocket connection)) {
      throw new CertificateException("not a TLS socket");
    }
    Set<ByteBuffer> names = names(chain);
    Set<TrustAnchor> anchors = new HashSet<>();
    Validation validation = new Validation(chain, keyExchange, connection);
    for (RootSource source : sources) {
      if (anchors.addAll(source.named(names)) && validation.passesWith(anchors)) {
        return;
      }
    }
    throw new UntrustedServerException(validation.refusal(anchors));
  }

  private static Set<ByteBuffer> names(X509Certificate[] chain) throws CertificateException {
    Set<ByteBuffer> names = new HashSet<>();
    for (X509Certificate certificate : chain) {
      DerReader.Names found = DerReader.names(ByteBuffer.wrap(certificate.getEncoded()));
      names.add(found.subject());
      names.add(found.issuer());
    }
    return names;
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
