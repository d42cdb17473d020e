package com.circleci.runnerinit.health;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.circleci.runnerinit.testing.HttpReply;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;

/** A client that sends any bytes, and waits no longer than ten seconds for what it reads. */
final class Client implements AutoCloseable {
  final Socket socket;

  private Client(Socket socket) {
    this.socket = socket;
  }

  static Client connect(InetAddress address, int port) throws IOException {
    Socket socket = new Socket(address, port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(10_000);
    return new Client(socket);
  }

  void send(String bytes) throws IOException {
    socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
  }

  HttpReply get(String target) throws IOException {
    return exchange("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
  }

  HttpReply exchange(String request) throws IOException {
    send(request);
    return read();
  }

  /** An answer, with which the connection ends. */
  HttpReply read() throws IOException {
    HttpReply reply = HttpReply.parse(new String(socket.getInputStream().readAllBytes(), UTF_8));
    int length = Integer.parseInt(reply.header("content-length").orElseThrow());
    if (reply.body().getBytes(UTF_8).length != length) {
      throw new IOException("a body of another length: " + reply);
    }
    return reply;
  }

  /** The head of an answer whose body stays unread. */
  HttpReply readHead() throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) socket.getInputStream().read());
    }
    return HttpReply.parse(head.toString());
  }

  /** Whether the server closes the connection with nothing more to say. */
  boolean isEnded() throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketException e) {
      return true; // A reset: closed with input unread.
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
