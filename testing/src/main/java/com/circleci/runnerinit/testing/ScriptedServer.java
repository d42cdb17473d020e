package com.circleci.runnerinit.testing;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A server on the loopback that treats each connection as a script says, over TCP or TLS. */
public final class ScriptedServer implements Closeable {
  private final ServerSocket listener = new ServerSocket();
  private final Optional<SSLContext> tls;
  private final List<String> protocols;
  private final Script script;
  private final List<Call> requests = new CopyOnWriteArrayList<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger connections = new AtomicInteger();

  /** What a server does with a connection. */
  @FunctionalInterface
  public interface Script {
    void hold(Conversation conversation) throws IOException;
  }

  ScriptedServer(RunnerApiOptions options, Script script) throws IOException {
    this.tls = options.tls();
    this.protocols = options.protocols();
    this.script = script;
    listener.bind(new InetSocketAddress(options.address(), options.port()), 1024);
    Thread.ofPlatform().daemon().name("scripted-server").start(this::accept);
  }

  public static ScriptedServer http(Script script) throws IOException {
    return new ScriptedServer(RunnerApiOptions.plain(), script);
  }

  public static ScriptedServer http(String address, int port, Script script) throws IOException {
    var options = RunnerApiOptions.plain().on(InetAddress.ofLiteral(address)).onPort(port);
    return new ScriptedServer(options, script);
  }

  /**
   * Serves over TLS.
   *
   * @param protocols such as {@code TLSv1.2}; the JDK's choice if there are none
   */
  public static ScriptedServer https(SSLContext identity, Script script, String... protocols)
      throws IOException {
    return new ScriptedServer(RunnerApiOptions.plain().overTls(identity, protocols), script);
  }

  public int port() {
    return listener.getLocalPort();
  }

  public String url() {
    return url("127.0.0.1");
  }

  /** The same server under a name that the client resolves by itself. */
  public String url(String host) {
    return (tls.isPresent() ? "https://" : "http://") + host + ":" + port();
  }

  /** The requests that were read to their end, in their order. */
  public List<Call> requests() {
    return List.copyOf(requests);
  }

  public Call onlyRequest() {
    if (requests.size() != 1) {
      throw new AssertionError(requests.size() + " requests: " + requests);
    }
    return requests.getFirst();
  }

  /** How many there were, open or not, with or without a request. */
  public int connections() {
    return connections.get();
  }

  private void accept() {
    try {
      while (true) {
        var tcp = listener.accept();
        open.add(tcp);
        var number = connections.incrementAndGet();
        Thread.ofPlatform().daemon().name("conversation").start(() -> hold(tcp, number));
      }
    } catch (IOException _) {
      // Closed.
    }
  }

  private void hold(Socket tcp, int number) {
    try (tcp;
        var socket = secured(tcp)) {
      // Else TLS's session ticket holds the answer back until the client's delayed ACK.
      tcp.setTcpNoDelay(true);
      script.hold(new Conversation(tcp, socket, number, requests));
    } catch (IOException _) {
      // The client went away, as many a test wants it to.
    } finally {
      open.remove(tcp);
    }
  }

  private Socket secured(Socket tcp) throws IOException {
    if (tls.isEmpty()) {
      return tcp;
    }
    var factory = tls.get().getSocketFactory();
    var socket = (SSLSocket) factory.createSocket(tcp, null, tcp.getPort(), true);
    socket.setUseClientMode(false);
    if (!protocols.isEmpty()) {
      socket.setEnabledProtocols(protocols.toArray(String[]::new));
    }
    return socket;
  }

  @Override
  public void close() {
    try {
      listener.close();
      for (var socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
