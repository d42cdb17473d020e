package com.circleci.runnerinit.testing;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.SocketException;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;

/**
 * A runner API of its own on the loopback interface: a real HTTP/1.1 server, over TCP or TLS, that
 * remembers what it was asked and answers as it was told, well or badly.
 *
 * <p>Left alone it does as the real one: 200 for a task that it knows by its Bearer token, 404 for
 * another token or another route.
 */
public final class FakeRunnerApi implements Closeable {
  private final ScriptedServer server;
  private final RunnerApiOptions options;
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private final Map<Route, Queue<Answer>> scripts = new EnumMap<>(Route.class);
  private final Map<Route, Answer> defaults = new EnumMap<>(Route.class);
  private final Set<String> told = ConcurrentHashMap.newKeySet();
  private final Set<Call> repeats = ConcurrentHashMap.newKeySet();
  private volatile Consumer<Call> onCall = _ -> {};
  private volatile BiConsumer<Call, Answer> onAnswer = (_, _) -> {};

  private FakeRunnerApi(RunnerApiOptions options) throws IOException {
    this.options = options;
    this.server = new ScriptedServer(options, this::hold);
  }

  /** Over plain HTTP, on a free port of 127.0.0.1, for any token. */
  public static FakeRunnerApi start() {
    return start(RunnerApiOptions.plain());
  }

  public static FakeRunnerApi start(RunnerApiOptions options) {
    try {
      return new FakeRunnerApi(options);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start the fake runner API", e);
    }
  }

  public int port() {
    return server.port();
  }

  public String baseUrl() {
    return baseUrl(options.address() instanceof Inet6Address ? "[::1]" : "127.0.0.1");
  }

  /** The same server under a name that the client resolves by itself. */
  public String baseUrl(String host) {
    return server.url(host);
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
    onCall = observer;
    return this;
  }

  FakeRunnerApi whenAnswering(BiConsumer<Call, Answer> observer) {
    onAnswer = observer;
    return this;
  }

  /**
   * All, but where processors are emulated: there, an attempt's five seconds can be over before a
   * success is read, and the client rightly asks again, by the same Idempotency-Key. Such a repeat
   * is answered, and left out.
   */
  public List<Call> calls() {
    return server.requests().stream().filter(call -> !repeats.contains(call)).toList();
  }

  public List<Call> calls(Route route) {
    return calls().stream().filter(call -> call.path().equals(route.path())).toList();
  }

  /** How many there were, open or not, with or without a request. */
  public int connections() {
    return server.connections();
  }

  /** What clients did that no HTTP client may. */
  public List<String> complaints() {
    return List.copyOf(complaints);
  }

  @Override
  public void close() {
    server.close();
  }

  private void hold(Conversation conversation) throws IOException {
    try {
      for (var call = conversation.next(); call.isPresent(); call = conversation.next()) {
        var answer = answerTo(call.get());
        onAnswer.accept(call.get(), answer);
        answer.give(conversation);
        var last = call.get().header("connection").equals(Optional.of("close"));
        if (last || !(answer instanceof Answer.Response)) {
          return;
        }
      }
    } catch (SocketException | SSLException e) {
      // The client went away, or did not like the certificate: for the test to see at the client.
      throw e;
    } catch (IOException e) {
      complaints.add(e.toString());
    }
  }

  private Answer answerTo(Call call) {
    var key = call.header("idempotency-key").filter(_ -> Machine.current().slowness() > 1);
    if (key.filter(told::contains).isPresent()) {
      repeats.add(call);
      return Answer.status(200);
    }
    onCall.accept(call);
    var answer = scripted(call);
    if (answer instanceof Answer.Response it && it.status() < 300) {
      key.ifPresent(told::add);
    }
    return answer;
  }

  private Answer scripted(Call call) {
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
}
