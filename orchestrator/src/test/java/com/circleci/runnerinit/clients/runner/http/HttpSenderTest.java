package com.circleci.runnerinit.clients.runner.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.clients.runner.testing.CapturedLog;
import com.circleci.runnerinit.clients.runner.testing.Conversation;
import com.circleci.runnerinit.clients.runner.testing.ScriptedServer;
import com.circleci.runnerinit.clients.runner.url.InvalidUrlException;
import com.circleci.runnerinit.clients.runner.url.Url;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
final class HttpSenderTest {
  private static final Duration PLENTY = Duration.ofSeconds(10);
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final Reply OK = new Reply.Answer(200, Optional.empty());

  private final CapturedLog captured = new CapturedLog();

  @Test
  void givesTheStatusAndTheWishForAPause() throws Exception {
    assertThat(answering("HTTP/1.1 503 x\r\nretry-after: 7\r\n\r\n"))
        .isEqualTo(new Reply.Answer(503, Optional.of("7")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.0 200 OK\n\n",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 100\r\n\r\nHTTP/1.1 103 x\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
      })
  void readsAnAnswerInAnyForm(String answer) throws Exception {
    assertThat(answering(answer)).isEqualTo(OK);
  }

  @Test
  void readsAnAnswerThatComesByteByByte() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.receive();
          for (char one : "HTTP/1.1 200 OK\r\n\r\n".toCharArray()) {
            c.send(String.valueOf(one));
          }
        })) {
      assertThat(send(server.url(), PLENTY)).isEqualTo(OK);
    }
  }

  @Test
  void doesNotWaitForABody() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.receive();
          c.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx");
          c.waitForClient();
        })) {
      long begin = System.nanoTime();
      assertThat(send(server.url(), PLENTY)).isEqualTo(OK);
      assertThat(since(begin)).isLessThan(PLENTY);
    }
  }

  @Test
  void takesAnEndlessBodyNoFurtherThanItMust() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.receive();
          c.send("HTTP/1.1 200 OK\r\n\r\n");
          try {
            endlessly(c, "x".repeat(10_000));
          } finally {
            ended.countDown();
          }
        })) {
      assertThat(send(server.url(), PLENTY)).isEqualTo(OK);
      ended.await();
    }
  }

  @Test
  void takesABodyThatBreaksOffForAnAnswer() throws Exception {
    assertThat(answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")).isEqualTo(OK);
    assertThat(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz")).isEqualTo(OK);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "garbage\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 -20 OK\r\n\r\n",
        "HTTP/1.1 000 OK\r\n\r\n",
        "HTTP/1.1 2OO OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "\u0000\u0001\u0002\r\n\r\n",
      })
  void breaksOnAnAnswerThatIsNoHttp(String answer) throws Exception {
    assertThat(answering(answer)).isEqualTo(new Reply.Broken("malformed HTTP response"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n"})
  void breaksOnAHeadThatBreaksOff(String answer) throws Exception {
    assertThat(reason(answering(answer))).startsWith("unexpected EOF");
  }

  @Test
  void breaksOnNoAnswer() throws Exception {
    assertThat(reason(answering(""))).startsWith("EOF");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "A: b\r\n", "A: ", "\r\n"})
  void breaksOnAHeadWithoutEnd(String part) throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.receive();
          c.send(part.equals("\r\n") ? "" : "HTTP/1.1 200 OK\r\n");
          endlessly(c, part.repeat(1000));
        })) {
      assertThat(send(server.url(), PLENTY)).isInstanceOf(Reply.Broken.class);
    }
  }

  @Test
  void breaksOnInformationWithoutEnd() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.receive();
          endlessly(c, "HTTP/1.1 103 Early Hints\r\n\r\n");
        })) {
      assertThat(reason(send(server.url(), PLENTY))).contains("larger than 64 KiB");
    }
  }

  @Test
  void breaksOnAReset() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.receive();
          c.socket().setSoLinger(true, 0);
        })) {
      assertThat(reason(send(server.url(), PLENTY)))
          .matches(
              "read tcp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:"
                  + server.port()
                  + ": read: connection reset by peer");
    }
  }

  @Test
  void saysThatNobodyListens() throws Exception {
    int port = unusedPort();
    assertThat(reason(send("http://127.0.0.1:" + port, PLENTY)))
        .isEqualTo("dial tcp 127.0.0.1:" + port + ": connect: connection refused");
    assertThat(reason(send("http://[::1]:" + port, PLENTY)))
        .matches("dial tcp \\[::1]:" + port + ": connect: .*");
  }

  @Test
  void saysThatAHostIsUnknown() throws Exception {
    Resolver none =
        host -> {
          throw new UnknownHostException(host);
        };
    assertThat(send(sender(none), "http://api.test", 0, PLENTY))
        .isEqualTo(new Reply.Broken("dial tcp: lookup api.test: no such host"));
  }

  @Test
  void outlastsNoLookup() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    Resolver hung =
        host -> {
          try {
            never.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          throw new UnknownHostException(host);
        };
    assertThat(send(sender(hung), "http://api.test", 0, SHORT))
        .isEqualTo(new Reply.Broken("dial tcp: lookup api.test: i/o timeout"));
    never.countDown();
  }

  @Test
  void outlastsNoConnection() throws Exception {
    try (BlackHole hole = new BlackHole("127.0.0.1", 0)) {
      assertThat(reason(send("http://127.0.0.1:" + hole.port(), SHORT)))
          .isEqualTo("dial tcp 127.0.0.1:" + hole.port() + ": i/o timeout");
    }
  }

  @Test
  void outlastsNoSilentServer() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(Conversation::waitForClient)) {
      assertThat(reason(send(server.url(), SHORT))).isEqualTo("timeout awaiting response headers");
    }
  }

  @Test
  void outlastsNoHeadThatComesByteByByte() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.receive();
          c.send("HTTP/1.1 200 OK\r\n");
          while (true) {
            c.send("x");
            pause();
          }
        })) {
      assertThat(reason(send(server.url(), SHORT))).isEqualTo("timeout awaiting response headers");
    }
  }

  @Test
  void outlastsNoServerThatDoesNotRead() throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          try {
            done.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        })) {
      PostRequest big = request(server.url(), new byte[32 << 20]);
      assertThat(reason(sender(Resolver.system()).send(big, 0, SHORT)))
          .isEqualTo("timeout awaiting response headers");
      done.countDown();
    }
  }

  @Test
  void takesAnAnswerThatComesBeforeTheRequestWasRead() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.send("HTTP/1.1 413 Too Large\r\n\r\n");
          c.socket().shutdownOutput();
          c.waitForClient();
        })) {
      PostRequest big = request(server.url(), new byte[4 << 20]);
      assertThat(sender(Resolver.system()).send(big, 0, PLENTY))
          .isEqualTo(new Reply.Answer(413, Optional.empty()));
    }
  }

  @Test
  void givesUpWhenInterrupted() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(Conversation::waitForClient)) {
      Thread.currentThread().interrupt();
      assertThat(send(server.url(), PLENTY)).isEqualTo(new Reply.Impossible("interrupted"));
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void passesAnAddressThatRefuses() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""))) {
      Resolver resolver = resolving("127.0.0.2", "127.0.0.1");
      assertThat(send(sender(resolver), server.url("api.test"), 0, PLENTY)).isEqualTo(OK);
      assertThat(server.onlyRequest().header("Host")).isEqualTo("api.test:" + server.port());
    }
  }

  @Test
  void passesAnAddressThatIsDead() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""));
        BlackHole hole = new BlackHole("127.0.0.2", server.port())) {
      assertThat(hole.port()).isEqualTo(server.port());
      Resolver resolver = resolving("127.0.0.2", "127.0.0.1");
      assertThat(send(sender(resolver), server.url("api.test"), 0, PLENTY)).isEqualTo(OK);
    }
  }

  @Test
  void namesTheFirstAddressWhenAllRefuse() throws Exception {
    int port = unusedPort();
    Resolver resolver = resolving("127.0.0.3", "127.0.0.2", "127.0.0.1");
    assertThat(reason(send(sender(resolver), "http://api.test:" + port, 0, PLENTY)))
        .endsWith(": connect: connection refused")
        .startsWith("dial tcp 127.0.0.3:");
  }

  @Test
  void beginsEachTurnWithAnotherAddress() throws Exception {
    try (ScriptedServer silent = ScriptedServer.http(Conversation::waitForClient);
        ScriptedServer server =
            ScriptedServer.http("127.0.0.2", silent.port(), c -> c.answer(200, ""))) {
      HttpSender sender = sender(resolving("127.0.0.1", "127.0.0.2"));
      String url = server.url("api.test");
      assertThat(send(sender, url, 0, SHORT)).isInstanceOf(Reply.Broken.class);
      assertThat(send(sender, url, 1, PLENTY)).isEqualTo(OK);
    }
  }

  private Reply answering(String answer) throws IOException, InvalidUrlException {
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.receive();
          c.send(answer);
        })) {
      return send(server.url(), PLENTY);
    }
  }

  private Reply send(String url, Duration limit) throws InvalidUrlException {
    return send(sender(Resolver.system()), url, 0, limit);
  }

  private static Reply send(HttpSender sender, String url, int turn, Duration limit)
      throws InvalidUrlException {
    return sender.send(request(url, "{}\n".getBytes(StandardCharsets.UTF_8)), turn, limit);
  }

  private HttpSender sender(Resolver resolver) {
    return new HttpSender(Map.of(), resolver, captured.log());
  }

  private static PostRequest request(String url, byte[] body) throws InvalidUrlException {
    return new PostRequest(Url.parse(url), "/route", List.of(), body);
  }

  private static Resolver resolving(String... addresses) {
    return host -> Arrays.stream(addresses).map(InetAddress::ofLiteral).toList();
  }

  private static String reason(Reply reply) {
    assertThat(reply).isInstanceOf(Reply.Broken.class);
    return ((Reply.Broken) reply).reason();
  }

  private static void endlessly(Conversation conversation, String part) throws IOException {
    while (true) {
      conversation.send(part);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Duration since(long begin) {
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  private static int unusedPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** An address that answers no connection: its queue is full and nobody accepts. */
  private static final class BlackHole implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket();
    private final List<Socket> queued = new ArrayList<>();

    BlackHole(String address, int port) throws IOException {
      listener.bind(new InetSocketAddress(InetAddress.ofLiteral(address), port), 1);
      try {
        while (queued.size() < 100) {
          Socket socket = new Socket();
          queued.add(socket);
          socket.connect(listener.getLocalSocketAddress(), 100);
        }
        throw new UncheckedIOException(new IOException("the queue has no end"));
      } catch (SocketTimeoutException e) {
        // It is full.
      }
    }

    int port() {
      return listener.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      for (Socket socket : queued) {
        socket.close();
      }
      listener.close();
    }
  }
}
