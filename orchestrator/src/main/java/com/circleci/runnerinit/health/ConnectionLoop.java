package com.circleci.runnerinit.health;

import com.circleci.runnerinit.linux.Interest;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.LongSupplier;

/** Serves every connection on one thread, and outlives whatever one of them does. */
final class ConnectionLoop implements Runnable {
  /** Takes the next client that waits, if any. */
  @FunctionalInterface
  interface Acceptor {
    OptionalInt accept() throws KernelException;
  }

  private static final int ACCEPTS_A_TURN = 32;
  private static final int BLOCK_BYTES = 8192;
  private static final Duration REST_AFTER_FAULT = Duration.ofMillis(100);

  private final Kernel kernel;
  private final int listener;
  private final int wakeup;
  private final NativeBlock block;
  private final Acceptor acceptor;
  private final Answers answers;
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
   * @throws KernelException when the process has no descriptors left
   */
  ConnectionLoop(
      Kernel kernel,
      int listener,
      Acceptor acceptor,
      Answers answers,
      Limits limits,
      FaultLog faults,
      LongSupplier nanoTime)
      throws KernelException {
    this.kernel = kernel;
    this.listener = listener;
    this.acceptor = acceptor;
    this.answers = answers;
    this.connections = new Connections(limits);
    this.acceptPauseNanos = limits.acceptPause().toNanos();
    this.faults = faults;
    this.nanoTime = nanoTime;
    this.wakeup = kernel.descriptors().openWakeup();
    this.block = kernel.memory().allocate(BLOCK_BYTES);
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
    kernel.descriptors().wake(wakeup);
  }

  private void turn() throws KernelException {
    List<Connection> clients = connections.all();
    boolean[] ready = kernel.descriptors().poll(interests(clients), timeToWait());
    for (int i = 0; i < clients.size(); i++) {
      if (ready[i + 1]) {
        advance(clients.get(i));
      }
    }
    if (!acceptPaused && ready[clients.size() + 1]) {
      accept();
    }
    long now = nanoTime.getAsLong();
    for (Connection connection : connections.expired(now)) {
      keep(connection, () -> connection.expire(now));
    }
    if (acceptPaused && now - acceptPausedSince >= acceptPauseNanos) {
      acceptPaused = false;
    }
  }

  /** The wakeup, the clients, and the listener unless it pauses. */
  private List<Interest> interests(List<Connection> clients) {
    List<Interest> interests = new ArrayList<>(clients.size() + 2);
    interests.add(Interest.inReading(wakeup));
    for (Connection client : clients) {
      interests.add(client.interest());
    }
    if (!acceptPaused) {
      interests.add(Interest.inReading(listener));
    }
    return interests;
  }

  private Optional<Duration> timeToWait() {
    long now = nanoTime.getAsLong();
    long nanos = connections.nanosToNextExpiry(now);
    if (acceptPaused) {
      nanos = Math.min(nanos, acceptPausedSince + acceptPauseNanos - now);
    }
    return nanos == Long.MAX_VALUE
        ? Optional.empty()
        : Optional.of(Duration.ofNanos(Math.max(0, nanos)));
  }

  private void accept() {
    try {
      for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        OptionalInt client = acceptor.accept();
        if (client.isEmpty()) {
          return;
        }
        admit(client.getAsInt());
      }
    } catch (KernelException e) {
      relieve(e);
    }
  }

  /**
   * Out of descriptors or of memory, and the client still waits: poll would return at once. With a
   * connection closed the next turn has what it needs; with none left to close, only time can help.
   */
  private void relieve(KernelException failure) {
    faults.report("accept failed", failure);
    if (!connections.closeOldest()) {
      acceptPaused = true;
      acceptPausedSince = nanoTime.getAsLong();
    }
  }

  private void admit(int client) {
    Connection connection = new Connection(kernel, client, block, answers, nanoTime.getAsLong());
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
    kernel.clock().pause(REST_AFTER_FAULT);
  }

  private void close() {
    connections.all().forEach(connections::close);
    kernel.descriptors().close(listener);
    kernel.descriptors().close(wakeup);
    kernel.memory().release(block);
  }
}
