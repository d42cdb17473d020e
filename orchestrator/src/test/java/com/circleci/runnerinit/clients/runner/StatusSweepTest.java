package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.clients.net.Resolver;
import com.circleci.runnerinit.clients.runner.testing.CapturedLog;
import com.circleci.runnerinit.configuration.Secret;
import com.circleci.runnerinit.linux.ForeignSyscalls;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.testing.Route;
import com.circleci.runnerinit.testing.ScriptedServer;
import com.circleci.runnerinit.testing.StatusTable;
import com.circleci.runnerinit.testing.TestCertificate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every status has the outcome that the reference page gives. */
@Timeout(120)
final class StatusSweepTest {
  private static final Path PAGE =
      Path.of(System.getProperty("basedir", "."), "../docs/reference/runner-api.md");

  @TempDir private static Path directory;
  private final AtomicInteger status = new AtomicInteger();
  private final AtomicInteger attempts = new AtomicInteger();

  @BeforeAll
  static void makeCertificates() throws Exception {
    Files.writeString(directory.resolve("root.pem"), TestCertificate.ROOT.pem());
  }

  @ParameterizedTest
  @CsvSource({"UNCLAIM, http", "UNCLAIM, https", "FAIL, http", "FAIL, https"})
  void eachStatusHasTheOutcomeOfTheReference(Route call, String scheme) throws Exception {
    Map<Integer, String> expected = StatusTable.outcomes(PAGE, call);
    Map<Integer, String> seen = new HashMap<>();
    try (ScriptedServer server = server(scheme)) {
      RunnerApi api = api(server.url());
      for (int each = 200; each <= 599; each++) {
        status.set(each);
        attempts.set(0);
        seen.put(each, outcome(api, call));
      }
    }
    assertThat(expected).hasSize(400);
    assertThat(seen).containsExactlyInAnyOrderEntriesOf(expected);
  }

  /** Answers the first attempt of a call with the status and those after it with 204. */
  private ScriptedServer server(String scheme) throws Exception {
    ScriptedServer.Script script =
        c -> c.answer(attempts.incrementAndGet() == 1 ? status.get() : 204, "");
    return scheme.equals("https")
        // Resumed without another key exchange, which is what would take the time.
        ? ScriptedServer.https(TestCertificate.EC.context(), script, "TLSv1.2")
        : ScriptedServer.http(script);
  }

  private static RunnerApi api(String url) {
    CapturedLog captured = new CapturedLog();
    Kernel kernel = Kernel.of(new ForeignSyscalls());
    Map<String, String> environment =
        Map.of("SSL_CERT_FILE", directory.resolve("root.pem").toString());
    return new RunnerApi(
        url,
        new Secret("token"),
        captured.log(),
        () -> new HttpClient(kernel, "test", environment, captured.log(), new Resolver(kernel)),
        new RunnerApi.Timing(InstantSource.system(), pause -> {}, () -> 0.5));
  }

  private String outcome(RunnerApi api, Route call) {
    Reporter.Outcome outcome =
        call == Route.UNCLAIM
            ? api.unclaim("task-1", Duration.ofSeconds(30))
            : api.fail("allocation-1", "message", Duration.ofSeconds(30));
    if (!(outcome instanceof Reporter.Outcome.NotTold(String reason))) {
      return attempts.get() == 1 ? "success" : "retried";
    }
    if (reason.equals("exhausted all task retries")) {
      return "exhausted";
    }
    assertThat(reason).contains(" was " + status.get() + " (");
    return attempts.get() == 1 ? "final" : "final after retries";
  }
}
