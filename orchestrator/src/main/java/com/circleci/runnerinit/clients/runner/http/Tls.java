package com.circleci.runnerinit.clients.runner.http;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.clients.runner.trust.ServerTrust;
import com.circleci.runnerinit.clients.runner.url.IpLiteral;
import com.circleci.runnerinit.clients.runner.url.Url;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** TLS as a client, 1.2 or newer. Nothing of it is touched before the first connection. */
final class Tls {
  private final ServerTrust trust;
  private @Nullable SSLSocketFactory factory;

  Tls(ServerTrust trust) {
    this.trust = requireNonNull(trust, "trust is null");
  }

  /** Shakes hands over a connection; the server must prove that it is the one of the URL. */
  SSLSocket over(Socket connection, Url server) throws IOException {
    // A name with the root's dot is the same host, but no certificate is written for it.
    String host = server.host().endsWith(".") ? withoutLast(server.host()) : server.host();
    SSLSocket socket =
        (SSLSocket) factory().createSocket(connection, host, server.port(), /* autoClose= */ true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    if (IpLiteral.parse(host).isEmpty()) {
      // The JDK would leave it out for a name without a dot, such as a Kubernetes service.
      parameters.setServerNames(List.of(new SNIHostName(host)));
    }
    socket.setSSLParameters(parameters);
    try {
      socket.startHandshake();
    } catch (IOException | RuntimeException e) {
      throw new ExchangeException(Reasons.handshake(e));
    }
    return socket;
  }

  private synchronized SSLSocketFactory factory() throws IOException {
    if (factory == null) {
      try {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {trust}, null);
        factory = context.getSocketFactory();
      } catch (GeneralSecurityException e) {
        throw new ExchangeException("tls: not available: " + e.getMessage());
      }
    }
    return factory;
  }

  private static String withoutLast(String text) {
    return text.substring(0, text.length() - 1);
  }
}
