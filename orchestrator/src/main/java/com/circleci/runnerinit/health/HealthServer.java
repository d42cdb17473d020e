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
import java.util.stream.Stream;
import org.apache.hc.core5.http.HttpStatus;

/**
 * Answers {@code /live}, {@code /ready} and {@code /metrics}. One thread of its own serves every
 * connection, and outlives whatever one of them does.
 *
 * <p>By the kernel's own calls and not the JDK's channels, since these take a quarter of the time
 * until a task starts to get ready: docs/decisions/0016-diet.md.
 */
public final class HealthServer {
  /** How many may be open at a time; the oldest makes room for one more. */
  static final int MAX_CONNECTIONS = 128;

  static final int HEAD_LIMIT = 8192;

  private static final int ACCEPTS_A_TURN = 32;
  private static final int STACK_BYTES = 256 * 1024;
  private static final Duration REST = Duration.ofMillis(20);
  private static final Duration QUIET = Duration.ofMinutes(1);

  /** How long a request, its answer and the client's reading of it may take in all. */
  static final Duration LIMIT = Duration.ofSeconds(5);

  /**
   * What the health server asks of the program. Every method is called on the server's own thread,
   * must be safe for that and must not block: a method that waits holds up every probe.
   */
  public interface State {
    /** Whether the task's services may be used; Kubernetes' readiness. */
    boolean isReady();

    /**
     * Whether the supervising loop still turns; Kubernetes restarts a container that is not live.
     */
    boolean isAlive();

    /** The figures of this moment. Asked for when {@code /metrics} is scraped, and only then. */
    Metrics metrics();
  }

  private final Kernel kernel;
  private final int listener;
  private final Answers answers;
  private final EventLog log;
  private final NativeBlock block; // By it bytes are exchanged with the kernel.
  private final List<Connection> open = new ArrayList<>(); // In the order of their arrival.
  private long silentUntil;
  private long untold;

  private HealthServer(Kernel kernel, int listener, State state, EventLog log) {
    this.kernel = kernel;
    this.listener = listener;
    this.answers = new Answers(state, fault -> report("request failed", fault));
    this.log = log;
    this.block = kernel.memory().allocate(HEAD_LIMIT);
    this.silentUntil = kernel.clock().nanos();
  }

  /**
   * Binds, announces the address in the log and begins to answer, until the process ends.
   *
   * @throws IOException such as {@code listen tcp :7623: bind: address already in use}
   */
  public static void start(Kernel kernel, ListenAddress address, State state, EventLog log)
      throws IOException {
    ListenAddress.Listener listener = address.listen(kernel);
    try {
      HealthServer server = new HealthServer(kernel, listener.descriptor(), state, log);
      log.event("server: new-server admin")
          .with("address", listener.address().toString())
          .with("network", "tcp")
          .write();
      kernel.processes().startThread("health", STACK_BYTES, server::serve);
    } catch (RuntimeException | Error e) {
      kernel.descriptors().close(listener.descriptor());
      throw e;
    }
  }

  private void serve() {
    while (true) {
      try {
        turn();
      } catch (Throwable fault) {
        report("loop failed", fault);
        kernel.clock().pause(REST);
      }
    }
  }

  private void turn() throws KernelException {
    List<Connection> clients = List.copyOf(open);
    Interest newcomers = Interest.inReading(listener);
    List<Interest> interests =
        Stream.concat(clients.stream().map(Connection::interest), Stream.of(newcomers)).toList();
    Optional<Duration> time = clients.stream().findFirst().map(Connection::timeLeft);
    boolean[] ready = kernel.descriptors().poll(interests, time);
    for (int i = 0; i < clients.size(); i++) {
      if (ready[i] || clients.get(i).isLate()) {
        advance(clients.get(i), ready[i]);
      }
    }
    if (ready[clients.size()]) {
      accept();
    }
  }

  private void accept() {
    try {
      for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        OptionalInt client = kernel.sockets().accept(listener);
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
        kernel.clock().pause(REST);
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
      // Else the client is gone, which is its own business.
      goesOn = e.errno() == Errno.EAGAIN && !connection.isLate();
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
        .filter(Connection::isAnswered)
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
    private final long deadline = kernel.clock().nanos() + LIMIT.toNanos();
    private final ByteArrayOutputStream head = new ByteArrayOutputStream(512);
    private Optional<ByteBuffer> answer = Optional.empty();

    Connection(int socket) {
      this.socket = socket;
    }

    Duration timeLeft() {
      return Duration.ofNanos(deadline - kernel.clock().nanos());
    }

    boolean isLate() {
      return !timeLeft().isPositive();
    }

    boolean isAnswering() {
      return answer.filter(ByteBuffer::hasRemaining).isPresent();
    }

    /** Whether it has had its answer, and may read it before it is closed. */
    boolean isAnswered() {
      return answer.isPresent() && !isAnswering();
    }

    Interest interest() {
      return new Interest(socket, isAnswering());
    }

    /**
     * Does what can be done without waiting, and no more than one read and one write, so that
     * nobody who sends much holds up the others. Who is late with half a head is told so.
     *
     * @return whether the connection goes on
     * @throws KernelException when the client is gone, or there is nothing to be done (EAGAIN)
     */
    boolean advance(boolean ready) throws KernelException {
      boolean goesOn = !ready || isAnswering() || read();
      if (goesOn && isLate() && answer.isEmpty() && head.size() > 0) {
        answer(Answers.refusal(HttpStatus.SC_REQUEST_TIMEOUT));
      }
      if (isAnswering()) {
        write(answer.orElseThrow());
      }
      return goesOn && !isLate();
    }

    /** Whether the client has not ended its side. */
    private boolean read() throws KernelException {
      int count = kernel.descriptors().read(socket, block, HEAD_LIMIT);
      if (answer.isPresent()) {
        return count > 0;
      }
      head.writeBytes(block.copy(0, Math.min(count, HEAD_LIMIT - head.size())));
      // RFC 9112 §2.2: empty lines before a request are ignored.
      String text = head.toString(ISO_8859_1).stripLeading();
      if (text.contains("\n\r\n") || text.contains("\n\n")) {
        answer(answers.to(text.getBytes(ISO_8859_1)));
      } else if (!text.isEmpty() && (text.charAt(0) < 'A' || text.charAt(0) > 'z')) {
        // Such as a TLS handshake: a method begins with a letter.
        answer(Answers.refusal(HttpStatus.SC_BAD_REQUEST));
      } else if (head.size() == HEAD_LIMIT) {
        answer(Answers.refusal(HttpStatus.SC_REQUEST_HEADER_FIELDS_TOO_LARGE));
      }
      return count > 0;
    }

    private void answer(String text) {
      answer = Optional.of(UTF_8.encode(text));
    }

    private void write(ByteBuffer rest) throws KernelException {
      int length = Math.min(rest.remaining(), block.size());
      block.bytes().put(0, rest, rest.position(), length);
      rest.position(rest.position() + kernel.descriptors().write(socket, block, 0, length));
      if (!rest.hasRemaining()) {
        // A close with input unread would reset the connection and might take the answer with it.
        kernel.sockets().endOutput(socket);
      }
    }
  }
}
