package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.net.Connection;
import com.circleci.runnerinit.clients.net.Deadline;
import com.circleci.runnerinit.clients.net.NetworkException;
import com.circleci.runnerinit.clients.net.Resolver;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.log.EventLog;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.jspecify.annotations.Nullable;

/**
 * Posts over HTTP/1.1, each time over a connection of its own: lookup, connection, proxy, TLS,
 * request and the head of the answer, on the caller's thread and by a deadline.
 */
final class HttpClient {
  private static final String BY_PROXY = "proxyconnect tcp: ";
  private static final Duration LEAVE_TAKING = Duration.ofMillis(200);
  private static final int MAX_BODY_BYTES = 64 << 10;

  private final Kernel kernel;
  private final String userAgent;
  private final ProxyRules proxies;
  private final Resolver resolver;
  private final Tls tls;

  /**
   * What a server answered.
   *
   * @param retryAfter the value of its {@code Retry-After} header
   */
  record Answer(int status, Optional<String> retryAfter) {}

  /** There is no way to the server, now or later. */
  static final class NoWayException extends Exception {
    private static final long serialVersionUID = 1L;

    NoWayException(String reason) {
      super(reason);
    }

    String reason() {
      return String.valueOf(getMessage());
    }
  }

  /** What is done with a socket. */
  @FunctionalInterface
  private interface Step<T> {
    T take() throws IOException;
  }

  HttpClient(Kernel kernel, String userAgent, Map<String, String> environment, EventLog log) {
    this(kernel, userAgent, environment, log, new Resolver(kernel));
  }

  HttpClient(
      Kernel kernel,
      String userAgent,
      Map<String, String> environment,
      EventLog log,
      Resolver resolver) {
    this.kernel = kernel;
    this.userAgent = userAgent;
    this.resolver = resolver;
    proxies = new ProxyRules(environment, log);
    tls = new Tls(kernel, new ServerTrust(new RootStores(kernel, environment, log)));
  }

  /**
   * Posts once and waits for the head of the answer; the body is of no interest.
   *
   * @param path on the server, after the server's own
   * @param headers all but those that the exchange itself needs: host, length and connection
   * @param turn counts the exchanges for one request from zero: each begins with another of the
   *     host's addresses, since one may take connections and never answer
   * @throws NetworkException if no answer came; another attempt may succeed
   */
  Answer post(
      Url server,
      String path,
      Map<String, String> headers,
      byte[] body,
      int turn,
      Deadline deadline)
      throws NoWayException, NetworkException {
    Optional<ProxyRules.Proxy> proxy = proxies.to(server);
    try (Connection connection = dial(proxy, server, turn, deadline)) {
      Socket socket = connection;
      if (proxy.isPresent()) {
        socket = throughProxy(socket, proxy.get(), server);
      }
      if (server.isSecure()) {
        socket = secured(socket, server, "");
      }
      Socket ready = socket;
      // A proxy reads only what is not encrypted, and needs to be told the server then.
      Optional<ProxyRules.Proxy> reader = server.isSecure() ? Optional.empty() : proxy;
      String target =
          reader.map(_ -> "http://" + server.authority()).orElse("") + server.under(path);
      Map<String, String> all = new LinkedHashMap<>();
      all.put("Host", server.authority());
      all.putAll(headers);
      reader
          .flatMap(ProxyRules.Proxy::authorization)
          .ifPresent(credentials -> all.put("Proxy-Authorization", credentials.reveal()));
      all.put("Content-Length", Integer.toString(body.length));
      all.put("Connection", "close");
      byte[] message = message("POST " + target, all, body);
      ClassicHttpResponse head =
          within("timeout awaiting response headers", () -> roundTrip(ready, message));
      takeLeave(connection, ready);
      return new Answer(
          head.getCode(),
          Optional.ofNullable(head.getFirstHeader("Retry-After")).map(header -> header.getValue()));
    }
  }

  private Connection dial(Optional<ProxyRules.Proxy> proxy, Url server, int turn, Deadline deadline)
      throws NetworkException {
    Url to = proxy.map(ProxyRules.Proxy::url).orElse(server);
    String prefix = proxy.isPresent() ? BY_PROXY : "";
    List<InetSocketAddress> addresses = new ArrayList<>();
    try {
      for (InetAddress address : resolver.lookup(to.host(), deadline)) {
        addresses.add(new InetSocketAddress(address, to.port()));
      }
    } catch (NetworkException e) {
      throw new NetworkException(prefix + "dial tcp: " + e.reason());
    }
    Collections.rotate(addresses, -turn);
    try {
      return Connection.open(kernel, addresses, deadline);
    } catch (NetworkException e) {
      throw new NetworkException(prefix + e.reason());
    }
  }

  private Socket throughProxy(Socket dialed, ProxyRules.Proxy proxy, Url server)
      throws NetworkException {
    Socket socket = proxy.url().isSecure() ? secured(dialed, proxy.url(), BY_PROXY) : dialed;
    if (!server.isSecure()) {
      return socket;
    }
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Host", server.address());
    headers.put("User-Agent", userAgent);
    proxy.authorization().ifPresent(it -> headers.put("Proxy-Authorization", it.reveal()));
    byte[] message = message("CONNECT " + server.address(), headers, new byte[0]);
    try {
      int status =
          within("timeout awaiting the answer to CONNECT", () -> roundTrip(socket, message))
              .getCode();
      if (status / 100 != 2) {
        throw new NetworkException(
            "the proxy's answer to CONNECT was " + status + " (" + StatusText.of(status) + ")");
      }
      return socket;
    } catch (NetworkException e) {
      throw new NetworkException(BY_PROXY + e.reason());
    }
  }

  private Socket secured(Socket socket, Url server, String prefix) throws NetworkException {
    try {
      return within("TLS handshake timeout", () -> tls.over(socket, server));
    } catch (NetworkException e) {
      throw new NetworkException(prefix + e.reason());
    }
  }

  /** Says a failure in Go's words. */
  private static <T> T within(String timeout, Step<T> step) throws NetworkException {
    try {
      return step.take();
    } catch (IOException | RuntimeException e) {
      @Nullable NetworkException network = networkCause(e);
      if (network == null) {
        throw new NetworkException(Tls.reason(e));
      }
      throw network.isTimeout() ? new NetworkException(timeout) : network;
    }
  }

  /** What TLS has wrapped into exceptions of its own. */
  private static @Nullable NetworkException networkCause(Throwable e) {
    @Nullable Throwable cause = e;
    while (cause != null && !(cause instanceof NetworkException)) {
      cause = cause.getCause();
    }
    return (NetworkException) cause;
  }

  /** The head and a body in one piece: two writes over TLS would meet a delayed ACK. */
  private static byte[] message(String request, Map<String, String> headers, byte[] body) {
    StringBuilder head = new StringBuilder(request).append(" HTTP/1.1\r\n");
    headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(head.length() + body.length);
    bytes.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
    bytes.writeBytes(body);
    return bytes.toByteArray();
  }

  private static ClassicHttpResponse roundTrip(Socket connection, byte[] message)
      throws IOException {
    try {
      connection.getOutputStream().write(message);
    } catch (IOException e) {
      @Nullable NetworkException network = networkCause(e);
      if (network != null && network.isTimeout()) {
        throw e;
      }
      // A server may answer before it has read everything, and close: its answer says more.
      try {
        return AnswerHead.read(connection.getInputStream());
      } catch (IOException _) {
        throw e;
      }
    }
    return AnswerHead.read(connection.getInputStream());
  }

  /**
   * Reads what is left, up to 64 KiB and for a short while: the answer is known, but a server may
   * take a connection that is closed before its body was read for a client that died.
   */
  private static void takeLeave(Connection connection, Socket socket) {
    connection.setDeadline(Deadline.in(LEAVE_TAKING));
    try (socket) {
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[8192];
      int left = MAX_BODY_BYTES;
      int read;
      while (left > 0 && (read = in.read(buffer, 0, Math.min(buffer.length, left))) >= 0) {
        left -= read;
      }
    } catch (IOException e) {
      // The answer was taken before.
    }
  }
}
