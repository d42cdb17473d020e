package com.circleci.runnerinit.health;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Interest;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import com.circleci.runnerinit.log.EventLog;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hc.core5.http.HttpStatus;

/**
 * Answers {@code /live}, {@code /ready} and {@code /metrics}. One thread of its own serves every
 * connection, and outlives whatever one of them does.
 *
 * <p>By the kernel's own calls and not the JDK's channels, since these take a quarter of the time
 * until a task starts to get ready: docs/decisions/0016-diet.md.
 */
public final class HealthServer implements AutoCloseable {
  /** How many may be open at a time; the oldest makes room for one more. */
  static final int MAX_CONNECTIONS = 128;

  /** The longest head that is read, in bytes. */
  static final int HEAD_LIMIT = 8192;

  private static final int ACCEPTS_A_TURN = 32;
  private static final int STACK_BYTES = 256 * 1024;
  private static final Duration REST_AFTER_ACCEPT = Duration.ofMillis(20);
  private static final Duration REST_AFTER_FAULT = Duration.ofMillis(100);
  private static final Duration QUIET = Duration.ofMinutes(1);

  /** What a connection does, and how long it may. */
  enum Stage {
    RECEIVING(Duration.ofSeconds(5)),
    ANSWERING(Duration.ofSeconds(5)),
    /** Has had its answer, and may read it before the connection is closed. */
    LINGERING(Duration.ofSeconds(1));

    final Duration limit;

    Stage(Duration limit) {
      this.limit = limit;
    }
  }

  private final Kernel kernel;
  private final ListenAddress.Listener listener;
  private final Answers answers;
  private final EventLog log;
  private final int wakeup;
  private final NativeBlock block; // By it bytes are exchanged with the kernel.
  private final List<Connection> open = new ArrayList<>(); // In the order of their arrival.
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean stopping;
  private long silentUntil;
  private long untold;

  private HealthServer(
      Kernel kernel, ListenAddress.Listener listener, HealthState state, EventLog log)
      throws KernelException {
    this.kernel = kernel;
    this.listener = listener;
    this.answers = new Answers(state, fault -> report("request failed", fault));
    this.log = log;
    this.wakeup = kernel.descriptors().openWakeup();
    this.block = kernel.memory().allocate(HEAD_LIMIT);
    this.silentUntil = kernel.clock().nanos();
  }

  /**
   * Binds, announces the address in the log and begins to answer.
   *
   * @throws IOException when the address can't be had; its message is ready to be reported, such as
   *     {@code listen tcp :7623: bind: address already in use}
   */
  public static HealthServer listen(
      Kernel kernel, ListenAddress address, HealthState state, EventLog log) throws IOException {
    ListenAddress.Listener listener = address.listen(kernel);
    try {
      HealthServer server = new HealthServer(kernel, listener, state, log);
      log.event("server: new-server admin")
          .with("address", listener.address().toString())
          .with("network", "tcp")
          .write();
      kernel.processes().startThread("health", STACK_BYTES, server::serve);
      return server;
    } catch (IOException | RuntimeException | Error e) {
      kernel.descriptors().close(listener.descriptor());
      throw e;
    }
  }

  /** The port that it listens on. */
  public int port() {
    return listener.address().port();
  }

  /**
   * Ends every connection, and the thread with them; the address is free when this returns. Waits
   * no longer than a second, should a {@link HealthState} hold the thread up.
   */
  @Override
  public void close() {
    stopping = true;
    kernel.descriptors().wake(wakeup);
    try {
      boolean _ = ended.await(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve() {
    while (!stopping) {
      try {
        turn();
      } catch (Throwable fault) {
        report("loop failed", fault);
        kernel.clock().pause(REST_AFTER_FAULT);
      }
    }
    List.copyOf(open).forEach(this::drop);
    kernel.descriptors().close(listener.descriptor());
    kernel.descriptors().close(wakeup);
    kernel.memory().release(block);
    ended.countDown();
  }

  private void turn() throws KernelException {
    List<Connection> clients = List.copyOf(open);
    List<Interest> interests = new ArrayList<>(clients.size() + 2);
    clients.forEach(client -> interests.add(client.interest()));
    interests.add(Interest.inReading(listener.descriptor()));
    interests.add(Interest.inReading(wakeup));
    boolean[] ready = kernel.descriptors().poll(interests, timeLeft(clients));
    long now = kernel.clock().nanos();
    for (int i = 0; i < clients.size(); i++) {
      if (ready[i] || clients.get(i).isLate(now)) {
        advance(clients.get(i), ready[i]);
      }
    }
    if (ready[clients.size()]) {
      accept();
    }
  }

  private Optional<Duration> timeLeft(List<Connection> clients) {
    long nanos = Long.MAX_VALUE;
    long now = kernel.clock().nanos();
    for (Connection client : clients) {
      nanos = Math.min(nanos, client.deadline - now);
    }
    return clients.isEmpty() ? Optional.empty() : Optional.of(Duration.ofNanos(nanos));
  }

  private void accept() {
    try {
      for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        OptionalInt client = kernel.sockets().accept(listener.descriptor());
        if (client.isEmpty()) {
          return;
        }
        if (open.size() == MAX_CONNECTIONS) {
          dropOldest();
        }
        Connection connection = new Connection(client.getAsInt());
        open.add(connection);
        // Most clients have sent their request by now: answered at once, it can't be crowded out.
        advance(connection, true);
      }
    } catch (KernelException e) {
      // Out of descriptors or of memory, and the client still waits: poll would return at once.
      // With none left to close there is nobody to hold up, and only time can help.
      report("accept failed", e);
      if (open.isEmpty()) {
        kernel.clock().pause(REST_AFTER_ACCEPT);
      }
      dropOldest();
    }
  }

  /** Lets a connection do what it can, and closes it when it is over, whatever the reason. */
  private void advance(Connection connection, boolean ready) {
    boolean goesOn = false;
    try {
      goesOn = connection.advance(ready);
    } catch (KernelException e) {
      // The client is gone, which is its own business.
    } catch (Throwable fault) {
      report("connection failed", fault);
    }
    if (!goesOn) {
      drop(connection);
    }
  }

  /**
   * Closes the first that has had its answer, else the first that was accepted: by the order of
   * arrival nobody can make a newcomer, who is the likeliest to be a probe, the one to go.
   */
  private void dropOldest() {
    open.stream()
        .filter(connection -> connection.stage == Stage.LINGERING)
        .findFirst()
        .or(() -> open.stream().findFirst())
        .ifPresent(this::drop);
  }

  private void drop(Connection connection) {
    open.remove(connection);
    kernel.descriptors().close(connection.socket);
  }

  /**
   * Tells of a fault of the server's own, at most once a minute: whoever can cause one could else
   * flood the log. Never throws: out of memory, say, the probes matter more than this line.
   */
  private void report(String what, Throwable fault) {
    long now = kernel.clock().nanos();
    if (now - silentUntil < 0) {
      untold++;
      return;
    }
    silentUntil = now + QUIET.toNanos();
    try {
      log.event("health: " + what).with("untold", untold).fault(fault).write();
      untold = 0;
    } catch (Throwable ignored) {
      untold++;
    }
  }

  /** One client: a request in, an answer out, never waiting. */
  private final class Connection {
    private final int socket;
    private final ByteArrayOutputStream head = new ByteArrayOutputStream(512);
    private ByteBuffer answer = ByteBuffer.allocate(0);
    private Stage stage = Stage.RECEIVING;
    private long deadline;

    Connection(int socket) {
      this.socket = socket;
      enter(Stage.RECEIVING);
    }

    private void enter(Stage next) {
      stage = next;
      deadline = kernel.clock().nanos() + next.limit.toNanos();
    }

    /** What it waits for, until its deadline. */
    Interest interest() {
      return new Interest(socket, stage == Stage.ANSWERING);
    }

    /** Whether its stage has taken too long. */
    boolean isLate(long now) {
      return now - deadline >= 0;
    }

    /**
     * Does what can be done without waiting, and no more than one read and one write, so that
     * nobody who sends much holds up the others. Who is late with half a head is told so.
     *
     * @param ready whether what it waits for may have come
     * @return whether the connection goes on
     * @throws KernelException when the client is gone
     */
    boolean advance(boolean ready) throws KernelException {
      if (ready && !exchange()) {
        return false;
      }
      if (!isLate(kernel.clock().nanos())) {
        return true;
      }
      if (stage != Stage.RECEIVING || head.size() == 0) {
        return false;
      }
      answer(Answers.refusal(HttpStatus.SC_REQUEST_TIMEOUT));
      return exchange();
    }

    /** Reads or writes what there is; whether the client has not ended its side. */
    private boolean exchange() throws KernelException {
      try {
        boolean goesOn = stage == Stage.ANSWERING || read();
        if (stage == Stage.ANSWERING) {
          write();
        }
        return goesOn;
      } catch (KernelException e) {
        if (e.errno() != Errno.EAGAIN) {
          throw e;
        }
        return true;
      }
    }

    private boolean read() throws KernelException {
      int count = kernel.descriptors().read(socket, block);
      if (stage == Stage.LINGERING) {
        return count > 0;
      }
      int begin = 0;
      // RFC 9112 §2.2: empty lines before a request are ignored.
      while (head.size() == 0 && begin < count && isLineEnd(block.bytes().get(begin))) {
        begin++;
      }
      head.writeBytes(block.copy(begin, Math.min(count - begin, HEAD_LIMIT - head.size())));
      String text = head.toString(ISO_8859_1);
      if (text.contains("\n\r\n") || text.contains("\n\n")) {
        answer(answers.to(head.toByteArray()));
      } else if (!text.isEmpty() && !isLetter(text.charAt(0))) {
        // Such as a TLS handshake: a method begins with a letter.
        answer(Answers.refusal(HttpStatus.SC_BAD_REQUEST));
      } else if (head.size() == HEAD_LIMIT) {
        answer(Answers.refusal(HttpStatus.SC_REQUEST_HEADER_FIELDS_TOO_LARGE));
      }
      return count > 0;
    }

    private static boolean isLineEnd(byte b) {
      return b == '\r' || b == '\n';
    }

    private static boolean isLetter(char c) {
      return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    }

    private void answer(String text) {
      answer = UTF_8.encode(text);
      enter(Stage.ANSWERING);
    }

    private void write() throws KernelException {
      int length = Math.min(answer.remaining(), block.size());
      block.bytes().put(0, answer, answer.position(), length);
      answer.position(answer.position() + kernel.descriptors().write(socket, block, 0, length));
      if (!answer.hasRemaining()) {
        enter(Stage.LINGERING);
        // A close with input unread would reset the connection and might take the answer with it.
        kernel.sockets().endOutput(socket);
      }
    }
  }
}
