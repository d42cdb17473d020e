package com.circleci.runnerinit.testing;

import static java.util.Objects.requireNonNull;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

/**
 * A runner API of its own on the loopback interface: a real HTTP/1.1 server, over TCP or TLS, that
 * remembers what it was asked and answers as it was told, well or badly.
 *
 * <p>Left alone it does as the real one: 200 for a task that it knows by its Bearer token, 404 for
 * another token or another route.
 */
public final class FakeRunnerApi implements Closeable {
  private final ServerSocket server;
  private final RunnerApiOptions options;
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private final Map<Route, Queue<Answer>> scripts = new EnumMap<>(Route.class);
  private final Map<Route, Answer> defaults = new EnumMap<>(Route.class);
  private volatile Consumer<Call> onCall = _ -> {};
  private volatile BiConsumer<Call, Answer> onAnswer = (_, _) -> {};

  private FakeRunnerApi(ServerSocket server, RunnerApiOptions options) {
    this.server = server;
    this.options = options;
  }

  /** Over plain HTTP, on a free port of 127.0.0.1, for any token. */
  public static FakeRunnerApi start() {
    return start(RunnerApiOptions.plain());
  }

  public static FakeRunnerApi start(RunnerApiOptions options) {
    requireNonNull(options, "options is null");
    try {
      var server = new ServerSocket();
      server.bind(new InetSocketAddress(options.address(), options.port()), 1024);
      var api = new FakeRunnerApi(server, options);
      Thread.ofPlatform().daemon().name("fake-runner-api").start(api::accept);
      return api;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start the fake runner API", e);
    }
  }

  public int port() {
    return server.getLocalPort();
  }

  public String baseUrl() {
    return baseUrl(literal(options.address()));
  }

  /** The same server under a name that the client resolves by itself. */
  public String baseUrl(String host) {
    return "%s://%s:%d".formatted(options.tls().isPresent() ? "https" : "http", host, port());
  }

  /** The next calls of a route get these, one each; those after them the default. */
  public FakeRunnerApi answer(Route route, Answer... answers) {
    synchronized (scripts) {
      scripts.computeIfAbsent(route, _ -> new ArrayDeque<>()).addAll(List.of(answers));
    }
    return this;
  }

  /** As {@link #answer}, in place of those that were not taken. */
  public FakeRunnerApi replaceAnswers(Route route, Answer... answers) {
    synchronized (scripts) {
      scripts.put(route, new ArrayDeque<>(List.of(answers)));
    }
    return this;
  }

  /** Replaces the default answer of a route. */
  public FakeRunnerApi always(Route route, Answer answer) {
    synchronized (scripts) {
      defaults.put(route, answer);
    }
    return this;
  }

  /** Looks at each call when it comes, before it is answered. */
  public FakeRunnerApi whenCalled(Consumer<Call> observer) {
    onCall = requireNonNull(observer, "observer is null");
    return this;
  }

  FakeRunnerApi whenAnswering(BiConsumer<Call, Answer> observer) {
    onAnswer = requireNonNull(observer, "observer is null");
    return this;
  }

  public List<Call> calls() {
    return List.copyOf(calls);
  }

  public List<Call> calls(Route route) {
    return calls.stream().filter(call -> call.path().equals(route.path())).toList();
  }

  /** How many there were, open or not, with or without a request. */
  public int connections() {
    return accepted.get();
  }

  /** What clients did that no HTTP client may. */
  public List<String> complaints() {
    return List.copyOf(complaints);
  }

  @Override
  public void close() {
    closeQuietly(server);
    connections.forEach(FakeRunnerApi::closeQuietly);
  }

  private void accept() {
    try {
      while (true) {
        var socket = server.accept();
        accepted.incrementAndGet();
        connections.add(socket);
        Thread.ofPlatform().daemon().name("fake-runner-api-call").start(() -> serve(socket));
      }
    } catch (IOException _) {
      // Closed.
    }
  }

  private void serve(Socket tcp) {
    try (tcp;
        var socket = secured(tcp)) {
      converse(tcp, socket);
    } catch (SocketException | SSLException _) {
      // The client went away, or did not like the certificate: for the test to see at the client.
    } catch (IOException e) {
      complaints.add(e.toString());
    } finally {
      connections.remove(tcp);
    }
  }

  private void converse(Socket tcp, Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    var in = new BufferedInputStream(socket.getInputStream());
    var out = new BufferedOutputStream(socket.getOutputStream());
    var writer = new AnswerWriter(in, out, () -> reset(tcp));
    var reader = new RequestReader(in);
    try {
      for (var call = reader.read(); call.isPresent(); call = reader.read()) {
        calls.add(call.get());
        onCall.accept(call.get());
        var answer = answerTo(call.get());
        onAnswer.accept(call.get(), answer);
        var last = call.get().header("connection").equals(Optional.of("close"));
        if (!writer.give(answer) || last) {
          return;
        }
      }
    } catch (RequestReader.MalformedRequest e) {
      complaints.add(String.valueOf(e.getMessage()));
    }
  }

  private Socket secured(Socket tcp) throws IOException {
    if (options.tls().isEmpty()) {
      return tcp;
    }
    var factory = options.tls().get().getSocketFactory();
    var socket = (SSLSocket) factory.createSocket(tcp, null, tcp.getPort(), true);
    socket.setUseClientMode(false);
    if (!options.protocols().isEmpty()) {
      socket.setEnabledProtocols(options.protocols().toArray(String[]::new));
    }
    return socket;
  }

  private Answer answerTo(Call call) {
    var route = call.route();
    if (route.isEmpty() || !authorized(call)) {
      return Answer.status(404);
    }
    synchronized (scripts) {
      return Optional.ofNullable(scripts.get(route.get()))
          .map(Queue::poll)
          .orElseGet(() -> defaults.getOrDefault(route.get(), Answer.status(200)));
    }
  }

  private boolean authorized(Call call) {
    return options
        .token()
        .map(token -> call.header("authorization").equals(Optional.of("Bearer " + token)))
        .orElse(true);
  }

  private static void reset(Socket tcp) throws IOException {
    tcp.setOption(StandardSocketOptions.SO_LINGER, 0);
    tcp.close();
  }

  private static String literal(InetAddress address) {
    return address instanceof Inet6Address ? "[::1]" : address.getHostAddress();
  }

  private static void closeQuietly(Closeable closeable) {
    try {
      closeable.close();
    } catch (IOException _) {
      // Nothing is lost.
    }
  }
}
