package com.circleci.runnerinit.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** A server's side of one connection. It refuses what a strict server would. */
public final class Conversation {
  private static final Pattern HEAD =
      Pattern.compile(
          "([A-Z]+) (\\S+) HTTP/1\\.1\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*\r\n)*)\r\n");

  private final Socket tcp;
  private final Socket socket;
  private final int number;
  private final List<Call> requests;

  /**
   * @param socket that speaks TLS on {@code tcp}, or is the same
   * @param requests gets those that are read to their end
   */
  Conversation(Socket tcp, Socket socket, int number, List<Call> requests) {
    this.tcp = tcp;
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
  public Call receive() throws IOException {
    return next().orElseThrow(() -> new EOFException("instead of a request"));
  }

  /** The next request, or nothing when the client has closed the connection between two. */
  public Optional<Call> next() throws IOException {
    var received = new ByteArrayOutputStream();
    var buffer = new byte[1 << 16];
    var firstRead = 0;
    while (true) {
      var read = socket.getInputStream().read(buffer);
      if (read < 0 && firstRead == 0) {
        return Optional.empty();
      }
      if (read < 0) {
        throw new MalformedRequest("ends within a request: " + received.toString(ISO_8859_1));
      }
      firstRead = firstRead == 0 ? read : firstRead;
      received.write(buffer, 0, read);
      var request = parse(received.toString(ISO_8859_1), firstRead);
      if (request.isPresent()) {
        requests.add(request.get());
        return request;
      }
    }
  }

  /** Empty while it is not whole. */
  private static Optional<Call> parse(String text, int firstRead) throws MalformedRequest {
    var begin = text.indexOf("\r\n\r\n") + 4;
    if (begin < 4) {
      return Optional.empty();
    }
    var head = HEAD.matcher(text.substring(0, begin));
    if (!head.matches()) {
      throw new MalformedRequest("request line or headers: " + text.substring(0, begin));
    }
    var headers = new LinkedHashMap<String, List<String>>();
    head.group(3)
        .lines()
        .map(line -> line.split(":", 2))
        .forEach(field ->
            headers
                .computeIfAbsent(field[0].toLowerCase(Locale.ROOT), _ -> new ArrayList<>())
                .add(field[1].strip()));
    if (headers.getOrDefault("host", List.of()).size() != 1) {
      throw new MalformedRequest("needs one Host");
    }
    var lengths = headers.getOrDefault("content-length", List.of("0"));
    if (lengths.size() > 1 || headers.containsKey("transfer-encoding")) {
      throw new MalformedRequest("needs one Content-Length and nothing else: " + headers);
    }
    var end = begin + Integer.parseInt(lengths.getFirst());
    if (text.length() > end) {
      throw new MalformedRequest("goes on after its end: " + text.substring(end));
    }
    var body = new String(text.substring(begin).getBytes(ISO_8859_1), UTF_8);
    var call =
        new Call(
            Instant.now(), head.group(1), head.group(2), headers, body, firstRead, text.length());
    return Optional.of(call).filter(_ -> text.length() == end);
  }

  /** Sends a text as it is. */
  public void send(String text) throws IOException {
    send(text.getBytes(ISO_8859_1));
  }

  void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  /** Reads a request and answers it with a status and headers, each with its line break. */
  public void answer(int status, String headers) throws IOException {
    receive();
    answer(status, headers, "");
  }

  void answer(int status, String headers, String body) throws IOException {
    var bytes = body.getBytes(UTF_8);
    var bodyless = status == 204 || status == 304;
    head(status, (bodyless ? "" : "Content-Length: " + bytes.length + "\r\n") + headers);
    send(bodyless ? new byte[0] : bytes);
  }

  void head(int status, String headers) throws IOException {
    send("HTTP/1.1 " + status + " Said So\r\n" + headers + "\r\n");
  }

  /** Says nothing until the client goes away. */
  public void waitForClient() throws IOException {
    while (socket.getInputStream().readNBytes(1 << 16).length > 0) {
      // What comes is of no interest.
    }
  }

  void reset() throws IOException {
    tcp.setOption(StandardSocketOptions.SO_LINGER, 0);
    tcp.close();
  }

  static final class MalformedRequest extends IOException {
    private static final long serialVersionUID = 1;

    MalformedRequest(String message) {
      super(message);
    }
  }
}
