package com.circleci.runnerinit.health;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Serves every connection on one thread, and outlives whatever one of them does. */
final class ConnectionLoop implements Runnable {
  /** Takes the next client that waits, if any. */
  @FunctionalInterface
  interface Acceptor {
    @Nullable SocketChannel accept() throws IOException;
  }

  private static final int ACCEPTS_A_TURN = 32;
  private static final long NANOS_A_MILLI = 1_000_000;
  private static final long REST_AFTER_FAULT_NANOS = Duration.ofMillis(100).toNanos();

  private final Selector selector;
  private final SelectionKey listenerKey;
  private final Acceptor acceptor;
  private final Responder responder;
  private final Connections connections;
  private final long acceptPauseNanos;
  private final FaultLog faults;
  private final LongSupplier nanoTime;
  private boolean acceptPaused;
  private long acceptPausedSince;
  private volatile boolean stopping;

  /**
   * Takes over a listener.
   *
   * @throws IOException when the process has no descriptors left
   */
  ConnectionLoop(
      ServerSocketChannel listener,
      Acceptor acceptor,
      Responder responder,
      Limits limits,
      FaultLog faults,
      LongSupplier nanoTime)
      throws IOException {
    this.acceptor = requireNonNull(acceptor, "acceptor is null");
    this.responder = requireNonNull(responder, "responder is null");
    this.connections = new Connections(limits);
    this.acceptPauseNanos = limits.acceptPause().toNanos();
    this.faults = requireNonNull(faults, "faults is null");
    this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
    this.selector = Selector.open();
    listener.configureBlocking(false);
    this.listenerKey = listener.register(selector, SelectionKey.OP_ACCEPT);
  }

  @Override
  public void run() {
    while (!stopping) {
      try {
        turn();
      } catch (Throwable fault) {
        survive(fault);
      }
    }
    close();
  }

  /** Makes {@link #run} end and close everything. Any thread may ask. */
  void stop() {
    stopping = true;
    selector.wakeup();
  }

  private void turn() throws IOException {
    selector.select(this::serve, millisToWait());
    long now = nanoTime.getAsLong();
    for (Connection connection : connections.expired(now)) {
      keep(connection, () -> connection.expire(now));
    }
    if (acceptPaused && now - acceptPausedSince >= acceptPauseNanos) {
      acceptPaused = false;
      listenerKey.interestOps(SelectionKey.OP_ACCEPT);
    }
  }

  /** The time that select may wait for: 0 for ever, else at least 1. */
  private long millisToWait() {
    long now = nanoTime.getAsLong();
    long nanos = connections.nanosToNextExpiry(now);
    if (acceptPaused) {
      nanos = Math.min(nanos, acceptPausedSince + acceptPauseNanos - now);
    }
    return nanos == Long.MAX_VALUE ? 0 : Math.max(1, Math.ceilDiv(nanos, NANOS_A_MILLI));
  }

  private void serve(SelectionKey key) {
    if (!key.isValid()) {
      return; // Closed in this turn, to make room.
    }
    if (key.attachment() instanceof Connection connection) {
      advance(connection);
    } else {
      accept();
    }
  }

  private void accept() {
    try {
      for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        SocketChannel channel = acceptor.accept();
        if (channel == null) {
          return;
        }
        admit(channel);
      }
    } catch (IOException e) {
      relieve(e);
    }
  }

  /**
   * Out of descriptors or of memory, and the client still waits: select would return at once. With
   * a connection closed the next turn has what it needs; with none left to close, only time can
   * help.
   */
  private void relieve(IOException failure) {
    faults.report("accept failed", failure);
    if (!connections.closeOldest()) {
      listenerKey.interestOps(0);
      acceptPaused = true;
      acceptPausedSince = nanoTime.getAsLong();
    }
  }

  private void admit(SocketChannel channel) throws IOException {
    try {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    } catch (IOException e) {
      channel.close(); // The client is gone.
      return;
    }
    SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
    Connection connection = new Connection(channel, key, responder, nanoTime.getAsLong());
    key.attach(connection);
    connections.add(connection);
    // Most clients have sent their request by now: answered at once, it can't be crowded out.
    advance(connection);
  }

  private void advance(Connection connection) {
    long now = nanoTime.getAsLong();
    keep(connection, () -> connection.advance(now));
  }

  /** Lets a connection act, and closes it when it is over, whatever the reason. */
  private void keep(Connection connection, Step step) {
    boolean goesOn = false;
    try {
      goesOn = step.act();
    } catch (IOException e) {
      // The client is gone, which is its own business.
    } catch (Throwable fault) {
      faults.report("connection failed", fault);
    } finally {
      if (!goesOn) {
        connections.close(connection);
      }
    }
  }

  /** What a connection does next; whether it goes on after that. */
  @FunctionalInterface
  private interface Step {
    boolean act() throws IOException;
  }

  private void survive(Throwable fault) {
    try {
      faults.report("loop failed", fault);
    } catch (Throwable ignored) {
      // Out of memory, say, and still so: the probes matter more than this line.
    }
    LockSupport.parkNanos(REST_AFTER_FAULT_NANOS);
  }

  private void close() {
    for (SelectionKey key : selector.keys()) {
      try {
        key.channel().close();
      } catch (IOException e) {
        faults.report("close failed", e);
      }
    }
    try {
      selector.close();
    } catch (IOException e) {
      faults.report("close failed", e);
    }
  }
}
