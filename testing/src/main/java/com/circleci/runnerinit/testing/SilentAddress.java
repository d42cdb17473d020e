package com.circleci.runnerinit.testing;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;

/** A port on which nothing ever comes back: the network's worst answer. */
public final class SilentAddress implements Closeable {
  private static final int LONGER_THAN_A_HANDSHAKE_MS = 200;

  private final ServerSocket server;
  private final List<Socket> crowd = new ArrayList<>();

  private SilentAddress(ServerSocket server) {
    this.server = server;
  }

  /** Takes connections, and is never heard of again. */
  public static SilentAddress halfOpen(String address, int port) {
    return listen(address, port, 50);
  }

  /** Not even a connection comes about: the queue is full, so the kernel drops each SYN. */
  public static SilentAddress dead(String address, int port) {
    var silent = listen(address, port, 1);
    while (silent.takesOneMore()) {
      // Until there is no room.
    }
    return silent;
  }

  private static SilentAddress listen(String address, int port, int backlog) {
    try {
      return new SilentAddress(new ServerSocket(port, backlog, InetAddress.ofLiteral(address)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return server.getLocalPort();
  }

  private boolean takesOneMore() {
    var socket = new Socket();
    crowd.add(socket);
    try {
      socket.connect(server.getLocalSocketAddress(), LONGER_THAN_A_HANDSHAKE_MS);
      return true;
    } catch (SocketTimeoutException _) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      for (var socket : crowd) {
        socket.close();
      }
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
