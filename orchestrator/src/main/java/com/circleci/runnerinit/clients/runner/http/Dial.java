package com.circleci.runnerinit.clients.runner.http;

import static java.util.Objects.requireNonNull;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import com.circleci.runnerinit.clients.runner.url.IpLiteral;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Connects to the first of a host's addresses that takes the connection. Each address has a head
 * start on the next (RFC 8305), so that a dead one costs a quarter of a second and a slow one is
 * still waited for.
 */
final class Dial {
  private static final Duration HEAD_START = Duration.ofMillis(250);

  private final Sockets sockets;
  private final BlockingQueue<Dialed> results = new LinkedBlockingQueue<>();

  Dial(Sockets sockets) {
    this.sockets = requireNonNull(sockets, "sockets is null");
  }

  private record Dialed(Socket socket, Optional<ExchangeException> failure) {}

  /**
   * @param addresses one at least, in the order of preference
   * @throws ExchangeException if none takes it: the first failure
   */
  Socket toAny(List<InetSocketAddress> addresses) throws IOException, InterruptedException {
    if (addresses.size() == 1) {
      return toOnly(addresses.getFirst());
    }
    @Nullable ExchangeException firstFailure = null;
    int failed = 0;
    int started = 0;
    while (failed < addresses.size()) {
      boolean more = started < addresses.size();
      if (more) {
        start(addresses.get(started++));
        more = started < addresses.size();
      }
      Dialed dialed = more ? results.poll(HEAD_START.toMillis(), MILLISECONDS) : results.take();
      if (dialed == null) {
        continue;
      }
      if (dialed.failure().isEmpty()) {
        sockets.keepOnly(dialed.socket());
        return dialed.socket();
      }
      failed++;
      firstFailure = firstFailure == null ? dialed.failure().get() : firstFailure;
    }
    throw requireNonNull(firstFailure, "no address to dial");
  }

  /** Needs no thread, of which there may be none to be had. */
  private Socket toOnly(InetSocketAddress address) throws IOException {
    Dialed dialed = connect(sockets.open(), address);
    if (dialed.failure().isPresent()) {
      throw dialed.failure().get();
    }
    return dialed.socket();
  }

  private void start(InetSocketAddress address) throws IOException {
    Socket socket = sockets.open();
    Threads.start("runner-api-dial", () -> results.add(connect(socket, address)));
  }

  private static Dialed connect(Socket socket, InetSocketAddress address) {
    try {
      socket.setTcpNoDelay(true);
      socket.connect(address);
      return new Dialed(socket, Optional.empty());
    } catch (IOException | RuntimeException e) {
      String reason = "dial tcp " + IpLiteral.write(address) + ": connect: " + Reasons.system(e);
      return new Dialed(socket, Optional.of(new ExchangeException(reason)));
    }
  }
}
