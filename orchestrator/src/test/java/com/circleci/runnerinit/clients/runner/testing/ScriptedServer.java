package com.circleci.runnerinit.clients.runner.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** A server on the loopback that treats each connection as a script says. */
public final class ScriptedServer implements AutoCloseable {
  private final ServerSocket listener;
  private final String scheme;
  private final Script script;
  private final List<ReceivedRequest> requests = new CopyOnWriteArrayList<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger connections = new AtomicInteger();

  /** What a server does with a connection. */
  @FunctionalInterface
  public interface Script {
    void hold(Conversation conversation) throws IOException;
  }

  private ScriptedServer(ServerSocket listener, String scheme, Script script) {
    this.listener = listener;
    this.scheme = scheme;
    this.script = script;
    Thread.ofVirtual().start(this::accept);
  }

  public static ScriptedServer http(Script script) throws IOException {
    return http("127.0.0.1", 0, script);
  }

  public static ScriptedServer http(String address, int port, Script script) throws IOException {
    ServerSocket listener = new ServerSocket();
    listener.bind(new InetSocketAddress(InetAddress.ofLiteral(address), port), 128);
    return new ScriptedServer(listener, "http", script);
  }

  /**
   * Serves over TLS.
   *
   * @param protocols such as {@code TLSv1.2}; the JDK's choice if there are none
   */
  public static ScriptedServer https(SSLContext identity, Script script, String... protocols)
      throws IOException {
    SSLServerSocket listener =
        (SSLServerSocket)
            identity
                .getServerSocketFactory()
                .createServerSocket(0, 128, InetAddress.ofLiteral("127.0.0.1"));
    if (protocols.length > 0) {
      listener.setEnabledProtocols(protocols);
    }
    return new ScriptedServer(listener, "https", script);
  }

  public int port() {
    return listener.getLocalPort();
  }

  public String url() {
    return url("127.0.0.1");
  }

  public String url(String host) {
    return scheme + "://" + host + ":" + port();
  }

  /** The requests that were read to their end, in their order. */
  public List<ReceivedRequest> requests() {
    return requests;
  }

  public ReceivedRequest onlyRequest() {
    if (requests.size() != 1) {
      throw new AssertionError(requests.size() + " requests: " + requests);
    }
    return requests.getFirst();
  }

  public int connections() {
    return connections.get();
  }

  private void accept() {
    while (true) {
      try {
        Socket socket = listener.accept();
        // Else TLS's session ticket holds the answer back until the client's delayed ACK.
        socket.setTcpNoDelay(true);
        open.add(socket);
        Conversation conversation =
            new Conversation(socket, connections.incrementAndGet(), requests);
        Thread.ofVirtual().start(() -> hold(conversation, socket));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void hold(Conversation conversation, Socket socket) {
    try (socket) {
      script.hold(conversation);
    } catch (IOException e) {
      // The client went away, as many a test wants it to.
    } finally {
      open.remove(socket);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
