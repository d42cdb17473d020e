package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.net.IpLiteral;
import com.circleci.runnerinit.clients.net.NetworkException;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.SecureRandomSpi;
import java.util.List;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.StandardConstants;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** TLS as a client, 1.2 or newer. Nothing of it is touched before the first connection. */
final class Tls {
  static {
    // The bounds of Go's crypto/tls; ./do gives them to the executable's builder, too.
    System.setProperty("jdk.tls.maxHandshakeMessageSize", "262144");
    System.setProperty("jdk.tls.client.maxInboundCertificateChainLength", "1000");
  }

  private final Kernel kernel;
  private final ServerTrust trust;
  private @Nullable SSLSocketFactory factory;

  Tls(Kernel kernel, ServerTrust trust) {
    this.kernel = kernel;
    this.trust = trust;
  }

  /** Shakes hands over a connection; the server must prove that it is the one of the URL. */
  SSLSocket over(Socket connection, Url server) throws IOException {
    // A name with the root's dot is the same host, but no certificate is written for it.
    String host = server.host().replaceFirst("\\.$", "");
    if (factory == null) {
      factory = factory();
    }
    SSLSocket socket =
        (SSLSocket) factory.createSocket(connection, host, server.port(), /* autoClose= */ true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
    boolean isName = IpLiteral.parse(host).isEmpty();
    // The JDK's own SNIHostName takes no underscore.
    byte[] name = host.getBytes(StandardCharsets.US_ASCII);
    SNIServerName serverName = new SNIServerName(StandardConstants.SNI_HOST_NAME, name) {};
    parameters.setServerNames(isName ? List.of(serverName) : List.of());
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  private SSLSocketFactory factory() throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      // The constructor is for providers.
      SecureRandom random = new SecureRandom(new KernelRandom(kernel), null) {};
      context.init(null, new TrustManager[] {trust}, random);
      return context.getSocketFactory();
    } catch (GeneralSecurityException e) {
      throw new NetworkException("tls: not available: " + e.getMessage());
    }
  }

  /** Randomness from the kernel, for which nothing has to be opened. */
  @SuppressWarnings("serial") // it is never written
  private static final class KernelRandom extends SecureRandomSpi {
    private final transient Kernel kernel;

    KernelRandom(Kernel kernel) {
      this.kernel = kernel;
    }

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
}
