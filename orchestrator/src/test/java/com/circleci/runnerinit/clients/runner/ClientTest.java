package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.clients.net.Deadline;
import com.circleci.runnerinit.clients.net.NetworkException;
import com.circleci.runnerinit.clients.net.TestResolver;
import com.circleci.runnerinit.clients.runner.testing.CapturedLog;
import com.circleci.runnerinit.linux.ForeignSyscalls;
import com.circleci.runnerinit.linux.Kernel;
import java.net.MalformedURLException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;

/** What the tests of the client share: a client whose hosts are a test's own. */
abstract class ClientTest {
  static final Duration PLENTY = Duration.ofSeconds(20);
  static final Duration SHORT = Duration.ofMillis(200);
  static final HttpClient.Answer OK = new HttpClient.Answer(200, Optional.empty());
  static final Kernel LINUX = Kernel.of(new ForeignSyscalls());

  final CapturedLog captured = new CapturedLog();
  final Map<String, String> environment = new HashMap<>();
  final Map<String, String> headers = new HashMap<>();
  @TempDir Path directory;

  /** The content of the hosts file. */
  String hosts = "127.0.0.1 localhost runner-api api.test";

  HttpClient client() {
    return new HttpClient(
        LINUX,
        "Test/1",
        environment,
        captured.log(),
        TestResolver.ofHosts(LINUX, directory, hosts));
  }

  Object send(String url) throws Exception {
    return send(url, PLENTY);
  }

  Object send(String url, Duration limit) throws Exception {
    return send(client(), url, 0, limit, "{}\n");
  }

  /** The answer, or the reason that there is none. */
  Object send(HttpClient client, String url, int turn, Duration limit, String body)
      throws Exception {
    try {
      return client.post(Url.parse(url), "/route", headers, body, turn, Deadline.in(limit));
    } catch (NetworkException e) {
      return e.reason();
    } catch (MalformedURLException e) {
      return "no way: " + e.getMessage();
    }
  }

  static String reason(Object reply) {
    assertThat(reply).isInstanceOf(String.class);
    return (String) reply;
  }
}
