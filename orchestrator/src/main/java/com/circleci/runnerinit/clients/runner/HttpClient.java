package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.net.Connection;
import com.circleci.runnerinit.clients.net.Deadline;
import com.circleci.runnerinit.clients.net.NetworkException;
import com.circleci.runnerinit.clients.net.Resolver;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.log.EventLog;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.MalformedURLException;
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
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.DefaultContentLengthStrategy;
import org.apache.hc.core5.http.impl.EnglishReasonPhraseCatalog;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseParser;
import org.apache.hc.core5.http.impl.io.SessionInputBufferImpl;
import org.jspecify.annotations.Nullable;

/**
 * Posts over HTTP/1.1, each time over a connection of its own: lookup, connection, proxy, TLS,
 * request and the head of the answer, on the caller's thread and by a deadline.
 */
final class HttpClient {
  private static final Duration LEAVE_TAKING = Duration.ofMillis(200);
  private static final int MAX_BYTES = 64 << 10;
  private static final int BUFFER_BYTES = 8192;
  private static final Http1Config BOUNDS =
      Http1Config.custom().setMaxLineLength(BUFFER_BYTES).setMaxHeaderCount(100).build();

  private final Kernel kernel;
  private final String userAgent;
  private final ProxyRules proxies;
  private final Resolver resolver;
  private final Tls tls;

  /** What a server answered, with the value of its {@code Retry-After} header. */
  record Answer(int status, Optional<String> retryAfter) {}

  HttpClient(
      Kernel kernel, String agent, Map<String, String> environment, EventLog log, Resolver names) {
    this.kernel = kernel;
    userAgent = agent;
    resolver = names;
    proxies = new ProxyRules(environment, log);
    tls = new Tls(kernel, new RootStores(kernel, environment, log));
  }

  /**
   * Posts once and waits for the head of the answer; the body is of no interest.
   *
   * @param turn counts the exchanges for one request from zero: each begins with another of the
   *     host's addresses, since one may take connections and never answer
   * @throws MalformedURLException if the proxy is one that can't be used, now or later
   * @throws NetworkException if no answer came; another attempt may succeed
   */
  Answer post(
      Url server, String path, Map<String, String> headers, String body, int turn, Deadline end)
      throws MalformedURLException, NetworkException {
    Optional<Url> proxy = proxies.to(server);
    String culprit = proxy.isPresent() ? "proxyconnect tcp: " : "";
    String timeout = "";
    try (Connection connection = dial(proxy.orElse(server), turn, end)) {
      Socket socket = connection;
      timeout = "TLS handshake timeout";
      if (proxy.isPresent() && proxy.get().isSecure()) {
        socket = tls.over(socket, proxy.get());
      }
      if (proxy.isPresent() && server.isSecure()) {
        timeout = "timeout awaiting the answer to CONNECT";
        openTunnel(socket, proxy.get(), server);
        timeout = "TLS handshake timeout";
      }
      culprit = "";
      if (server.isSecure()) {
        socket = tls.over(socket, server);
      }
      timeout = "timeout awaiting response headers";
      // A proxy reads only what is not encrypted, and needs to be told the server then.
      Optional<Url> reader = server.isSecure() ? Optional.empty() : proxy;
      Map<String, String> all = headersFor(reader, server.authority());
      all.putAll(headers);
      all.put("Content-Length", "" + body.getBytes(StandardCharsets.UTF_8).length);
      all.put("Connection", "close");
      String site = reader.isPresent() ? "http://" + server.authority() : "";
      String target = site + server.path().replaceFirst("/+$", "") + path;
      Incoming answer = roundTrip(socket, "POST " + target, all, body);
      answer.takeLeave(connection, socket);
      Optional<Header> pause = Optional.ofNullable(answer.head.getFirstHeader("Retry-After"));
      return new Answer(answer.head.getCode(), pause.map(Header::getValue));
    } catch (IOException | RuntimeException e) {
      throw new NetworkException(culprit + reason(e, timeout));
    }
  }

  private Connection dial(Url to, int turn, Deadline deadline) throws IOException {
    List<InetSocketAddress> addresses = new ArrayList<>();
    try {
      for (InetAddress address : resolver.lookup(to.host(), deadline)) {
        addresses.add(new InetSocketAddress(address, to.port()));
      }
    } catch (NetworkException e) {
      throw new NetworkException("dial tcp: " + e.reason());
    }
    Collections.rotate(addresses, -turn);
    return Connection.open(kernel, addresses, deadline);
  }

  private void openTunnel(Socket socket, Url proxy, Url server) throws IOException {
    String target = server.address();
    Map<String, String> headers = headersFor(Optional.of(proxy), target);
    int status = roundTrip(socket, "CONNECT " + target, headers, "").head.getCode();
    if (status / 100 != 2) {
      throw new NetworkException("the proxy's answer to CONNECT was " + inWords(status));
    }
  }

  private Map<String, String> headersFor(Optional<Url> proxy, String host) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Host", host);
    headers.put("User-Agent", userAgent);
    proxy
        .flatMap(Url::basicAuthorization)
        .ifPresent(it -> headers.put("Proxy-Authorization", it.reveal()));
    return headers;
  }

  private static Incoming roundTrip(
      Socket socket, String request, Map<String, String> headers, String body) throws IOException {
    StringBuilder text = new StringBuilder(request).append(" HTTP/1.1\r\n");
    headers.forEach((name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
    // In one piece: two writes over TLS would meet a delayed ACK.
    byte[] message = text.append("\r\n").append(body).toString().getBytes(StandardCharsets.UTF_8);
    Optional<IOException> unsent = Optional.empty();
    try {
      socket.getOutputStream().write(message);
    } catch (IOException e) {
      // A server may answer before it has read everything, and close: its answer says more.
      unsent = Optional.of(e);
    }
    try {
      return new Incoming(socket.getInputStream());
    } catch (IOException e) {
      throw unsent.orElse(e);
    }
  }

  /**
   * The final answer, past informational ones. What the server sent is never part of a message: it
   * may be the request, token included.
   */
  static final class Incoming extends FilterInputStream {
    private final SessionInputBufferImpl buffer =
        new SessionInputBufferImpl(BUFFER_BYTES, BUFFER_BYTES);
    private int left = MAX_BYTES;
    private boolean ended;
    final ClassicHttpResponse head;

    Incoming(InputStream in) throws IOException {
      super(in);
      ClassicHttpResponse next;
      do {
        next = next();
        // 101 would be the last one in HTTP.
      } while (next.getCode() < 200 && next.getCode() != 101);
      head = next;
    }

    private ClassicHttpResponse next() throws IOException {
      ClassicHttpResponse next;
      try {
        next = new DefaultHttpResponseParser(BOUNDS).parse(buffer, this);
      } catch (MessageConstraintException e) {
        throw new NetworkException("the head of the server's answer is too large");
      } catch (HttpException | IllegalArgumentException e) {
        // The second for a status of zero.
        throw new NetworkException("malformed HTTP response");
      }
      if (next == null) {
        throw new NetworkException("EOF (the server closed the connection without an answer)");
      } else if (ended) {
        // The parser takes the end of the stream for the end of the head.
        throw new NetworkException("unexpected EOF (the server's answer broke off in its head)");
      }
      return next;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (left == 0) {
        throw new NetworkException("the head of the server's answer is larger than 64 KiB");
      }
      int read = super.read(bytes, offset, Math.min(length, left));
      ended = read < 0;
      left -= Math.max(0, read);
      return read;
    }

    /**
     * Reads what is left, up to 64 KiB and for a short while: the answer is known, but a server may
     * take a connection that is closed before its body was read for a client that died.
     */
    void takeLeave(Connection connection, Socket socket) {
      connection.setDeadline(Deadline.in(LEAVE_TAKING));
      try (socket) {
        long length = DefaultContentLengthStrategy.INSTANCE.determineLength(head);
        long rest = length < 0 ? MAX_BYTES : length - buffer.length();
        in.readNBytes(Math.clamp(head.getCode() == 204 ? 0 : rest, 0, MAX_BYTES));
      } catch (IOException | HttpException e) {
        // The answer was taken before.
      }
    }
  }

  /** Says a failure in Go's words; TLS wraps that of the connection, or of a certificate. */
  private static String reason(Exception e, String timeout) {
    @Nullable Throwable cause = e;
    while (cause != null && !(cause instanceof NetworkException)) {
      cause = cause.getCause();
    }
    if (!(cause instanceof NetworkException network)) {
      return Tls.reason(e);
    }
    return network.isTimeout() && !timeout.isEmpty() ? timeout : network.reason();
  }

  /** A status as in {@code 404 (Not Found)}, by Go's names. */
  static String inWords(int status) {
    String name =
        switch (status) {
          case 302 -> "Found";
          case 413 -> "Request Entity Too Large";
          default ->
              status < 600 ? EnglishReasonPhraseCatalog.INSTANCE.getReason(status, null) : "";
        };
    return status + " (" + (name == null ? "" : name) + ")";
  }
}
