package com.circleci.runnerinit.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.clients.runner.testing.CapturedLog;
import com.circleci.runnerinit.linux.ForeignSyscalls;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.testing.HttpReply;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** A server on a free port with a clock that only the test moves; closing it ends its thread. */
final class Served implements AutoCloseable {
  static final Kernel KERNEL = Kernel.of(new ForeignSyscalls());

  final FixedState state;
  final CapturedLog lines = new CapturedLog();
  private volatile boolean closed;
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1000); // It may wrap.

  private Served(String address, FixedState state, HealthServer.State shown) throws IOException {
    this.state = state;
    Kernel kernel =
        Kernel.of(
            new ForeignSyscalls() {
              @Override
              public long nanos() {
                return nanos.get();
              }

              @Override
              public void startThread(String name, int stackBytes, Runnable body) {
                super.startThread(name, stackBytes, () -> runUntilClosed(body));
              }

              @Override
              public long invoke(long number, long a, long b, long c, long d, long e, long f) {
                checkOpen();
                return super.invoke(number, a, b, c, d, e, f);
              }

              @Override
              public void pause(Duration time) {
                checkOpen();
                super.pause(time);
              }
            });
    HealthServer.start(kernel, ListenAddress.parse(address), shown, lines.log());
  }

  static Served start() throws IOException {
    return start("127.0.0.1:0");
  }

  static Served start(String address) throws IOException {
    FixedState state = new FixedState();
    return new Served(address, state, state);
  }

  static Served start(HealthServer.State state) throws IOException {
    return new Served("127.0.0.1:0", new FixedState(), state);
  }

  int port() {
    return lines.port();
  }

  Client connect() throws IOException {
    return Client.connect(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port());
  }

  /** A probe on a connection of its own; what was accepted before it has been seen when it ends. */
  HttpReply get(String target) throws IOException {
    try (Client client = connect()) {
      return client.get(target);
    }
  }

  /** The CPU time that the server's thread has used. */
  long cpuNanos() {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("health")) {
        return ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.threadId());
      }
    }
    throw new IllegalStateException("the server's thread has ended");
  }

  void advance(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private void runUntilClosed(Runnable body) {
    try {
      body.run();
    } catch (IllegalStateException e) {
      assertThat(closed).isTrue();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("closed");
    }
  }

  @Override
  public void close() {
    closed = true;
    for (String host : List.of("127.0.0.1", "::1")) {
      try {
        Client.connect(InetAddress.ofLiteral(host), port()).close();
      } catch (IOException e) {
        // It listened elsewhere.
      }
    }
  }
}
