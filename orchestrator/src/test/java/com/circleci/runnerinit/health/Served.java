package com.circleci.runnerinit.health;

import com.circleci.runnerinit.clients.runner.testing.CapturedLog;
import com.circleci.runnerinit.linux.ForeignSyscalls;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.testing.HttpReply;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A server on a free port with a clock that only the test moves. */
final class Served implements AutoCloseable {
  static final Kernel KERNEL = Kernel.of(new ForeignSyscalls());

  final FixedState state;
  final CapturedLog lines = new CapturedLog();
  final HealthServer server;
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1000); // It may wrap.

  private Served(String address, FixedState state, HealthState shown) throws IOException {
    this.state = state;
    Kernel kernel =
        Kernel.of(
            new ForeignSyscalls() {
              @Override
              public long nanoTime() {
                return nanos.get();
              }
            });
    this.server = HealthServer.listen(kernel, ListenAddress.parse(address), shown, lines.log());
  }

  static Served start() throws IOException {
    return start("127.0.0.1:0");
  }

  static Served start(String address) throws IOException {
    FixedState state = new FixedState();
    return new Served(address, state, state);
  }

  static Served start(HealthState state) throws IOException {
    return new Served("127.0.0.1:0", new FixedState(), state);
  }

  int port() {
    return server.port();
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

  @Override
  public void close() {
    server.close();
  }
}
