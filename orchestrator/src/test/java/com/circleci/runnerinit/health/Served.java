package com.circleci.runnerinit.health;

import com.circleci.runnerinit.linux.ForeignSyscalls;
import com.circleci.runnerinit.linux.Kernel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A server on a free port with a clock that only the test moves. */
final class Served implements AutoCloseable {
  static final Kernel KERNEL = Kernel.of(new ForeignSyscalls());

  final FixedState state;
  final Lines lines = new Lines();
  final HealthServer server;
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1000); // It may wrap.

  private Served(String address, Limits limits, FixedState state, HealthState shown)
      throws IOException {
    this.state = state;
    this.server =
        HealthServer.listen(
            KERNEL, ListenAddress.parse(address), shown, lines.log(), limits, nanos::get);
  }

  private static Served start(String address, Limits limits) throws IOException {
    FixedState state = new FixedState();
    return new Served(address, limits, state, state);
  }

  static Served start() throws IOException {
    return start("127.0.0.1:0", Limits.DEFAULT);
  }

  static Served start(Limits limits) throws IOException {
    return start("127.0.0.1:0", limits);
  }

  static Served start(String address) throws IOException {
    return start(address, Limits.DEFAULT);
  }

  static Served start(HealthState state) throws IOException {
    return new Served("127.0.0.1:0", Limits.DEFAULT, new FixedState(), state);
  }

  int port() {
    return server.port();
  }

  Client connect() throws IOException {
    return Client.connect(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port());
  }

  /** A probe on a connection of its own; what was accepted before it has been seen when it ends. */
  Response get(String target) throws IOException {
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
