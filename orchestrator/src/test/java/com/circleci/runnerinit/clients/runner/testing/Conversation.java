package com.circleci.runnerinit.clients.runner.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;

/** A server's side of one connection. */
public final class Conversation {
  private final Socket socket;
  private final int number;
  private final List<ReceivedRequest> requests;

  Conversation(Socket socket, int number, List<ReceivedRequest> requests) {
    this.socket = socket;
    this.number = number;
    this.requests = requests;
  }

  /** Counts the server's connections from one. */
  public int number() {
    return number;
  }

  public Socket socket() {
    return socket;
  }

  /** Reads a request to its end. */
  public ReceivedRequest receive() throws IOException {
    InputStream in = socket.getInputStream();
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    byte[] buffer = new byte[1 << 16];
    int firstRead = 0;
    while (true) {
      int read = in.read(buffer);
      if (read < 0) {
        throw new EOFException("in a request");
      }
      firstRead = firstRead == 0 ? read : firstRead;
      received.write(buffer, 0, read);
      String text = received.toString(ISO_8859_1);
      int headEnd = text.indexOf("\r\n\r\n");
      if (headEnd >= 0) {
        List<String> lines = Arrays.asList(text.substring(0, headEnd).split("\r\n", -1));
        ReceivedRequest request =
            new ReceivedRequest(
                lines.getFirst(),
                List.copyOf(lines.subList(1, lines.size())),
                text.substring(headEnd + 4),
                firstRead,
                text.length());
        List<String> length = request.values("Content-Length");
        if (length.isEmpty() || request.body().length() >= Integer.parseInt(length.getFirst())) {
          requests.add(request);
          return request;
        }
      }
    }
  }

  /** Sends a text as it is. */
  public void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
  }

  /** Reads a request and answers it with a status and headers, each with its line break. */
  public void answer(int status, String headers) throws IOException {
    receive();
    String length = status == 204 || status == 304 ? "" : "Content-Length: 0\r\n";
    send("HTTP/1.1 " + status + " Said So\r\n" + length + headers + "\r\n");
  }

  /** Says nothing until the client goes away. */
  public void waitForClient() throws IOException {
    InputStream in = socket.getInputStream();
    byte[] buffer = new byte[1 << 16];
    while (in.read(buffer) >= 0) {
      // What comes is of no interest.
    }
  }
}
