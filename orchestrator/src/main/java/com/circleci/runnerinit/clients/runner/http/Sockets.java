package com.circleci.runnerinit.clients.runner.http;

import java.io.IOException;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;

/** The sockets of one exchange. Closing them ends it, whatever its threads wait for. */
final class Sockets implements AutoCloseable {
  private final List<Socket> open = new ArrayList<>();
  private boolean closed;

  synchronized Socket open() throws SocketException {
    if (closed) {
      throw new SocketException("given up");
    }
    Socket socket = new Socket(Proxy.NO_PROXY);
    open.add(socket);
    return socket;
  }

  /** Closes all but one. */
  synchronized void keepOnly(Socket kept) {
    open.removeIf(socket -> {
      if (!socket.equals(kept)) {
        close(socket);
      }
      return !socket.equals(kept);
    });
  }

  @Override
  public synchronized void close() {
    closed = true;
    open.forEach(Sockets::close);
    open.clear();
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is of no more use either way.
    }
  }
}
