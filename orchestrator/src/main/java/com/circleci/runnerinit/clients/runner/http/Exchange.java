package com.circleci.runnerinit.clients.runner.http;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.clients.runner.proxy.Proxy;
import com.circleci.runnerinit.clients.runner.url.IpLiteral;
import com.circleci.runnerinit.clients.runner.url.Url;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;

/**
 * One request and its answer, over a connection of its own. It keeps no time: whoever runs it
 * closes its sockets when it has taken too long, and then asks it what it was waiting for.
 */
final class Exchange implements AutoCloseable {
  private static final byte[] NO_BODY = {};
  private static final String PROXY = "proxyconnect tcp: ";

  private final PostRequest request;
  private final Optional<Proxy> proxy;
  private final int turn;
  private final Resolver resolver;
  private final Tls tls;
  private final Sockets sockets = new Sockets();
  private volatile String timeoutReason = "i/o timeout";
  private Optional<Socket> connection = Optional.empty();

  /**
   * @param turn counts the exchanges for one request from zero: each begins with another of the
   *     host's addresses, since one may take connections and never answer
   */
  Exchange(PostRequest request, Optional<Proxy> proxy, int turn, Resolver resolver, Tls tls) {
    this.request = requireNonNull(request, "request is null");
    this.proxy = requireNonNull(proxy, "proxy is null");
    this.turn = turn;
    this.resolver = requireNonNull(resolver, "resolver is null");
    this.tls = requireNonNull(tls, "tls is null");
  }

  /** What to say when the exchange has to be given up now. */
  String timeoutReason() {
    return timeoutReason;
  }

  @Override
  public void close() {
    sockets.close();
  }

  Reply run() throws InterruptedException {
    try {
      Socket connected = connect();
      ClassicHttpResponse head = post(connected);
      connection = Optional.of(connected);
      return answer(head);
    } catch (ExchangeException e) {
      return new Reply.Broken(e.reason());
    } catch (IOException e) {
      return new Reply.Broken(Reasons.system(e));
    }
  }

  /**
   * Takes leave of a server that has answered. The answer's body is of no interest, but a server
   * may take a connection that is closed before it was read for a client that died.
   */
  void takeLeave() {
    connection.ifPresent(Courtesy::takeLeave);
  }

  private Socket connect() throws IOException, InterruptedException {
    Url server = request.server();
    Socket connection = proxy.isPresent() ? connect(proxy.get()) : dial(server, "");
    return server.isSecure() ? secured(connection, server, "") : connection;
  }

  private Socket connect(Proxy proxy) throws IOException, InterruptedException {
    try {
      Socket dialed = dial(proxy.url(), PROXY);
      Socket connected = proxy.url().isSecure() ? secured(dialed, proxy.url(), PROXY) : dialed;
      if (request.server().isSecure()) {
        openTunnel(connected, proxy);
      }
      return connected;
    } catch (ExchangeException e) {
      throw new ExchangeException(PROXY + e.reason());
    }
  }

  private Socket dial(Url url, String prefix) throws IOException, InterruptedException {
    timeoutReason = prefix + "dial tcp: lookup " + url.host() + ": i/o timeout";
    List<InetSocketAddress> addresses = new ArrayList<>();
    try {
      for (InetAddress address : resolver.lookup(url.host())) {
        addresses.add(new InetSocketAddress(address, url.port()));
      }
    } catch (UnknownHostException e) {
      throw new ExchangeException("dial tcp: lookup " + url.host() + ": no such host");
    }
    Collections.rotate(addresses, -turn);
    timeoutReason = prefix + "dial tcp " + IpLiteral.write(addresses.getFirst()) + ": i/o timeout";
    return new Dial(sockets).toAny(addresses);
  }

  private Socket secured(Socket connection, Url server, String prefix) throws IOException {
    timeoutReason = prefix + "TLS handshake timeout";
    return tls.over(connection, server);
  }

  private void openTunnel(Socket connection, Proxy proxy) throws IOException {
    timeoutReason = PROXY + "timeout awaiting the answer to CONNECT";
    String server = request.server().address();
    RequestHead head = new RequestHead("CONNECT", server);
    head.add(HeaderField.of("Host", server));
    proxy.authorization().ifPresent(head::addProxyAuthorization);
    ClassicHttpResponse answer = roundTrip(connection, head.with(NO_BODY));
    if (answer.getCode() / 100 != 2) {
      throw new ExchangeException(
          "the proxy's answer to CONNECT was "
              + answer.getCode()
              + " ("
              + StatusText.of(answer.getCode())
              + ")");
    }
  }

  private ClassicHttpResponse post(Socket connection) throws IOException {
    timeoutReason = "timeout awaiting response headers";
    Url server = request.server();
    // A proxy reads only what is not encrypted, and needs to be told the server then.
    Optional<Proxy> reader = proxy.filter(any -> !server.isSecure());
    String target = reader.map(any -> "http://" + server.authority()).orElse("") + request.path();
    RequestHead head = new RequestHead("POST", target);
    head.add(HeaderField.of("Host", server.authority()));
    request.headers().forEach(head::add);
    reader.flatMap(Proxy::authorization).ifPresent(head::addProxyAuthorization);
    byte[] body = request.body();
    head.add(HeaderField.of("Content-Length", Integer.toString(body.length)));
    head.add(HeaderField.of("Connection", "close"));
    return roundTrip(connection, head.with(body));
  }

  private static ClassicHttpResponse roundTrip(Socket connection, byte[] message)
      throws IOException {
    try {
      connection.getOutputStream().write(message);
    } catch (IOException e) {
      // A server may answer before it has read everything, and close: its answer says more.
      try {
        return AnswerHead.read(connection.getInputStream());
      } catch (IOException ignored) {
        throw new ExchangeException(Reasons.during("write", connection, e));
      }
    }
    try {
      return AnswerHead.read(connection.getInputStream());
    } catch (ExchangeException e) {
      throw e;
    } catch (IOException e) {
      throw new ExchangeException(Reasons.during("read", connection, e));
    }
  }

  private static Reply answer(ClassicHttpResponse head) {
    Header retryAfter = head.getFirstHeader("Retry-After");
    return new Reply.Answer(
        head.getCode(), Optional.ofNullable(retryAfter).map(header -> header.getValue()));
  }
}
