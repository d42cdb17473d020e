package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.clients.net.Resolver;
import com.circleci.runnerinit.clients.net.TestResolver;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.RefusingSyscalls;
import com.circleci.runnerinit.testing.Conversation;
import com.circleci.runnerinit.testing.NameServer;
import com.circleci.runnerinit.testing.ScriptedServer;
import com.circleci.runnerinit.testing.SilentAddress;
import com.circleci.runnerinit.testing.TestCertificate;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
final class HttpClientTest extends ClientTest {
  @Test
  void givesTheStatusAndTheWishForAPause() throws Exception {
    assertThat(answering("HTTP/1.1 503 x\r\nretry-after: 7\r\n\r\n"))
        .isEqualTo(new HttpClient.Answer(503, Optional.of("7")));
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
  void waitsForNothingAfterABodyOfKnownLength() throws Exception {
    List<String> calls = new CopyOnWriteArrayList<>();
    Kernel kernel =
        Kernel.of(
            new RefusingSyscalls((call, count) -> {
              calls.add(call);
              return 0;
            }));
    Resolver resolver = TestResolver.ofHosts(kernel, directory, hosts);
    HttpClient client = new HttpClient(kernel, "", environment, captured.log(), resolver);
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.receive();
          c.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
          c.waitForClient();
        })) {
      assertThat(send(client, server.url(), 0, PLENTY, "")).isEqualTo(OK);
      assertThat(calls.lastIndexOf("PPOLL")).isLessThan(calls.lastIndexOf("READ"));
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
    assertThat(answering(answer)).isEqualTo("malformed HTTP response");
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
      assertThat(send(server.url(), PLENTY)).isInstanceOf(String.class);
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
    assertThat(reason(send("http://elsewhere.test")))
        .startsWith("dial tcp: lookup elsewhere.test on 127.0.0.1:1: ");
  }

  @Test
  void outlastsNoLookup() throws Exception {
    try (NameServer silent =
        NameServer.start("127.0.0.1", 0).otherwise(NameServer.Behaviour.SILENT)) {
      Resolver resolver = TestResolver.of(LINUX, directory, silent.port());
      HttpClient client = new HttpClient(LINUX, "", environment, captured.log(), resolver);
      assertThat(send(client, "http://api.test", 0, SHORT, ""))
          .isEqualTo("dial tcp: lookup api.test on 127.0.0.1:" + silent.port() + ": i/o timeout");
    }
  }

  @Test
  void outlastsNoConnection() throws Exception {
    try (SilentAddress hole = SilentAddress.dead("127.0.0.1", 0)) {
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
      assertThat(reason(send(client(), server.url(), 0, SHORT, "x".repeat(32 << 20))))
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
      assertThat(send(client(), server.url(), 0, PLENTY, "x".repeat(4 << 20)))
          .isEqualTo(new HttpClient.Answer(413, Optional.empty()));
    }
  }

  @Test
  void passesAnAddressThatRefuses() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""))) {
      hosts = hosts("127.0.0.2", "127.0.0.1");
      assertThat(send(server.url("api.test"))).isEqualTo(OK);
      assertThat(server.onlyRequest().only("Host")).isEqualTo("api.test:" + server.port());
    }
  }

  @Test
  void passesAnAddressThatIsDead() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> c.answer(200, ""));
        SilentAddress hole = SilentAddress.dead("127.0.0.2", server.port())) {
      assertThat(hole.port()).isEqualTo(server.port());
      hosts = hosts("127.0.0.2", "127.0.0.1");
      assertThat(send(server.url("api.test"))).isEqualTo(OK);
    }
  }

  @Test
  void namesTheFirstAddressWhenAllRefuse() throws Exception {
    int port = unusedPort();
    hosts = hosts("127.0.0.3", "127.0.0.2", "127.0.0.1");
    assertThat(reason(send("http://api.test:" + port)))
        .endsWith(": connect: connection refused")
        .startsWith("dial tcp 127.0.0.3:");
  }

  @Test
  void beginsEachTurnWithAnotherAddress() throws Exception {
    try (ScriptedServer silent = ScriptedServer.http(Conversation::waitForClient);
        ScriptedServer server =
            ScriptedServer.http("127.0.0.2", silent.port(), c -> c.answer(200, ""))) {
      hosts = hosts("127.0.0.1", "127.0.0.2");
      HttpClient client = client();
      String url = server.url("api.test");
      assertThat(send(client, url, 0, SHORT, "")).isInstanceOf(String.class);
      assertThat(send(client, url, 1, PLENTY, "")).isEqualTo(OK);
    }
  }

  @Test
  void closesInOrder() throws Exception {
    Files.writeString(directory.resolve("root.pem"), TestCertificate.ROOT.pem());
    environment.put("SSL_CERT_FILE", directory.resolve("root.pem").toString());
    List<String> ends = new ArrayList<>();
    try (ScriptedServer server =
        ScriptedServer.https(
            TestCertificate.RSA.context(),
            c -> {
              synchronized (ends) {
                c.receive();
                c.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                ((SSLSocket) c.socket()).shutdownOutput();
                c.waitForClient();
                ends.add("close_notify");
              }
            })) {
      assertThat(send(server.url())).isEqualTo(OK);
      synchronized (ends) {
        assertThat(ends).containsExactly("close_notify");
      }
    }
  }

  @Test
  void readsNoStoreWithoutTls() throws Exception {
    environment.put("SSL_CERT_FILE", "/nowhere");
    assertThat(answering("HTTP/1.1 200 OK\r\n\r\n")).isEqualTo(OK);
    assertThat(captured.lines()).isEmpty();
  }

  @Test
  void knowsAServerWithoutTls() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.send("HTTP/1.1 400 Bad Request\r\n\r\n");
          c.waitForClient();
        })) {
      assertThat(reason(send(server.url().replace("http:", "https:"))))
          .isEqualTo("tls: first record does not look like a TLS handshake");
    }
  }

  @Test
  void knowsAServerThatEndsTheHandshake() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(c -> {})) {
      assertThat(reason(send(server.url().replace("http:", "https:"))))
          .matches("EOF .*|.*connection reset by peer.*");
    }
  }

  @Test
  void outlastsNoHandshake() throws Exception {
    try (ScriptedServer server = ScriptedServer.http(Conversation::waitForClient)) {
      assertThat(send(server.url().replace("http:", "https:"), SHORT))
          .isEqualTo("TLS handshake timeout");
    }
  }

  @Test
  void saysWhatTheServerFindsWrong() throws Exception {
    SSLContext withoutIdentity = SSLContext.getInstance("TLS");
    withoutIdentity.init(null, null, null);
    try (ScriptedServer server = ScriptedServer.https(withoutIdentity, c -> c.answer(200, ""))) {
      assertThat(reason(send(server.url()))).isEqualTo("remote error: tls: handshake failure");
    }
  }

  private Object answering(String answer) throws Exception {
    try (ScriptedServer server =
        ScriptedServer.http(c -> {
          c.receive();
          c.send(answer);
        })) {
      return send(server.url(), PLENTY);
    }
  }

  private static String hosts(String... addresses) {
    return String.join(" api.test\n", addresses) + " api.test\n";
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
}
