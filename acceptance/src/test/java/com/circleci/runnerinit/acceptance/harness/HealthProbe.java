package com.circleci.runnerinit.acceptance.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.HttpReply;
import com.circleci.runnerinit.testing.Machine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** Asks the health API as a kubelet does: a connection for each request. */
public final class HealthProbe {
  private static final Duration TIME_OUT =
      Duration.ofSeconds(10).multipliedBy(Machine.current().slowness());
  private static final Duration SHORT_TIME_OUT = Duration.ofSeconds(1);

  /** Below the ephemeral ports, so that no outgoing connection takes one meanwhile. */
  private static final int FIRST_PORT = 10_000;

  private static final int PORTS = 22_000;
  private static final AtomicInteger NEXT =
      new AtomicInteger(ThreadLocalRandom.current().nextInt(PORTS));

  private final int port;
  private final List<String> seen = new CopyOnWriteArrayList<>();

  HealthProbe() {
    port = freePort();
  }

  /** One that no other program of the machine listens on, such as the tests of another checkout. */
  private static int freePort() {
    while (true) {
      var port = FIRST_PORT + Math.floorMod(NEXT.getAndIncrement(), PORTS);
      try (var socket = new ServerSocket(port)) {
        return socket.getLocalPort();
      } catch (IOException _) {
        // Taken: the next.
      }
    }
  }

  public int port() {
    return port;
  }

  public HttpReply get(String path) {
    return ask("127.0.0.1", "GET", path);
  }

  public HttpReply ask(String host, String method, String path) {
    var request =
        "%s %s HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\n\r\n"
            .formatted(method, path, host.contains(":") ? "[" + host + "]" : host, port);
    return HttpReply.parse(exchange(host, request));
  }

  /** Sends these bytes, and returns all that comes back until the server closes. */
  public String exchange(String host, String request) {
    return exchange(host, request, TIME_OUT);
  }

  /** Keeps what /metrics has to say, if anybody answers. */
  void scrape() {
    try {
      var request = "GET /metrics HTTP/1.1\r\nHost: harness\r\nConnection: close\r\n\r\n";
      exchange("127.0.0.1", request, SHORT_TIME_OUT);
    } catch (UncheckedIOException _) {
      // Another address, or about to end: most runs are scraped, and that is enough.
    }
  }

  private String exchange(String host, String request, Duration timeOut) {
    try (var socket = Machine.current().connect(host, port, timeOut)) {
      socket.setSoTimeout((int) timeOut.toMillis());
      socket.getOutputStream().write(request.getBytes(UTF_8));
      var reply = new String(socket.getInputStream().readAllBytes(), UTF_8);
      seen.add(reply);
      return reply;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public HttpReply awaitStatus(String path, int status) {
    return Await.untilPresent(
        "%d on %s".formatted(status, path),
        () -> attempt(path).filter(reply -> reply.status() == status));
  }

  /** Nothing while nobody listens. */
  public Optional<HttpReply> attempt(String path) {
    try {
      return Optional.of(get(path));
    } catch (UncheckedIOException _) {
      return Optional.empty();
    }
  }

  List<String> seen() {
    return List.copyOf(seen);
  }
}
