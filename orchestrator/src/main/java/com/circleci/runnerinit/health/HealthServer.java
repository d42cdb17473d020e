package com.circleci.runnerinit.health;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.log.EventLog;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Answers {@code /live}, {@code /ready} and {@code /metrics} on a thread of its own. */
public final class HealthServer implements AutoCloseable {
  private static final int STACK_BYTES = 256 * 1024;
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(1);

  private final int port;
  private final ConnectionLoop loop;
  private final CountDownLatch ended = new CountDownLatch(1);

  private HealthServer(int port, ConnectionLoop loop) {
    this.port = port;
    this.loop = loop;
  }

  /**
   * Binds, announces the address in the log and begins to answer.
   *
   * @throws IOException when the address can't be had; its message is ready to be reported, such as
   *     {@code listen tcp :7623: bind: address already in use}
   */
  public static HealthServer listen(
      Kernel kernel, ListenAddress address, HealthState state, EventLog log) throws IOException {
    return listen(kernel, address, state, log, Limits.DEFAULT, System::nanoTime);
  }

  static HealthServer listen(
      Kernel kernel,
      ListenAddress address,
      HealthState state,
      EventLog log,
      Limits limits,
      LongSupplier nanoTime)
      throws IOException {
    FaultLog faults = new FaultLog(log, nanoTime);
    Binding binding = Binding.listen(kernel, address);
    HealthServer server;
    try {
      server =
          new HealthServer(
              binding.port(),
              new ConnectionLoop(
                  kernel,
                  binding.listener(),
                  () -> kernel.sockets().accept(binding.listener()),
                  new Answers(state, faults),
                  limits,
                  faults,
                  nanoTime));
      log.event("server: new-server admin")
          .with("address", binding.address())
          .with("network", "tcp")
          .write();
      kernel.processes().startThread("health", STACK_BYTES, server::serve);
    } catch (IOException | RuntimeException | Error e) {
      kernel.descriptors().close(binding.listener());
      throw e;
    }
    return server;
  }

  private void serve() {
    try {
      loop.run();
    } finally {
      ended.countDown();
    }
  }

  /** The port that it listens on. */
  public int port() {
    return port;
  }

  /**
   * Ends every connection, and the thread with them; the address is free when this returns. Waits
   * no longer than a second, should a {@link HealthState} hold the thread up.
   */
  @Override
  public void close() {
    loop.stop();
    try {
      boolean _ = ended.await(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
