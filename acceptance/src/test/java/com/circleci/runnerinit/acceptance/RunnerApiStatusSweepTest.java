package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static com.circleci.runnerinit.testing.Route.UNCLAIM;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Answer;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.LogLine;
import com.circleci.runnerinit.testing.Route;
import com.circleci.runnerinit.testing.StatusTable;
import com.circleci.runnerinit.testing.TestCertificate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every status that the runner API can answer has the outcome that the reference page gives: by
 * 1,600 starts, which take an hour on a JVM.
 */
@InAContainer
@Tag("image")
@Timeout(180)
class RunnerApiStatusSweepTest {
  private static final Path PAGE = Path.of("../docs/reference/runner-api.md");

  /** The first call of each route gets the status, those after it 200. */
  @ParameterizedTest
  @ValueSource(strings = {"http", "https"})
  void shouldTakeEachStatusForWhatTheReferenceSays(String scheme, Scenario given)
      throws IOException {
    if (scheme.equals("https")) {
      given.apiOptions(given.apiOptions().overTls(TestCertificate.RSA.context()));
      given.root().devices().file("/ca.pem", TestCertificate.ROOT.pem());
      given.environment("SSL_CERT_FILE", "/ca.pem");
    }

    var unclaim = new TreeMap<Integer, String>();
    var fail = new TreeMap<Integer, String>();
    for (var status = 200; status <= 599; status++) {
      given.config().set("task_agent_path", "/missing");
      var run = run(given, Answer.status(status));
      unclaim.put(status, run.outcomeOf(UNCLAIM, status));
      // An unclaim that fails is followed by the fail event: that is the other half of the sweep.
      if (run.count(FAIL) == 0) {
        given.agent("exit=1");
        run = run(given, Answer.status(status));
      }
      fail.put(status, run.outcomeOf(FAIL, status));
    }

    assertThat(unclaim).hasSize(400).containsExactlyEntriesOf(StatusTable.outcomes(PAGE, UNCLAIM));
    assertThat(fail).hasSize(400).containsExactlyEntriesOf(StatusTable.outcomes(PAGE, FAIL));
  }

  /** Repeats what a busy machine spoilt: an attempt without an answer says nothing of a status. */
  private static Run run(Scenario given, Answer answer) {
    for (var i = 0; i < 3; i++) {
      var run = runOnce(given, answer);
      if (run.answered()) {
        return run;
      }
    }
    throw new AssertionError("three runs in which an attempt got no answer, to " + answer);
  }

  private static Run runOnce(Scenario given, Answer answer) {
    var before = given.api().calls().size();
    given.api().replaceAnswers(UNCLAIM, answer).replaceAnswers(FAIL, answer);
    given.environment("CIRCLECI_GOAT_CONFIG", given.configuration());
    var container = given.runTask();
    var code = container.exitCode();
    var paths = given.api().calls().stream().skip(before).map(Call::path).toList();
    return new Run(code, paths, container.stdout().log());
  }

  /** What one run came to. */
  private record Run(int code, List<String> paths, List<LogLine> log) {

    boolean answered() {
      return log.stream()
          .filter(Run::isAttempt)
          .allMatch(line -> line.fields().containsKey("http.status_code"));
    }

    int count(Route route) {
      return Collections.frequency(paths, route.path());
    }

    String outcomeOf(Route route, int status) {
      var handled = code == 0 && (route == FAIL || count(FAIL) == 0);
      if (count(route) == 2 && handled) {
        return "retried";
      }
      if (count(route) == 1 && handled) {
        return "success";
      }
      if (count(route) == 1 && route == UNCLAIM && endsWith("exhausted all task retries")) {
        return "exhausted";
      }
      if (count(route) == 1 && endsWith("POST " + route.path() + " was " + status + " (")) {
        return "final";
      }
      return "exit " + code + " after " + paths + ": " + log;
    }

    /** What is said at the end, and not of an attempt. */
    private boolean endsWith(String reason) {
      return log.stream()
          .filter(line -> !isAttempt(line))
          .anyMatch(line -> line.fields().getOrDefault("error", "").contains(reason));
    }

    private static boolean isAttempt(LogLine line) {
      return line.event().startsWith("POST ");
    }
  }
}
