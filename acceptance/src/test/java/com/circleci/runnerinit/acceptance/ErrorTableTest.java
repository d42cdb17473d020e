package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static com.circleci.runnerinit.testing.Route.UNCLAIM;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Answer;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.Signal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

/** Each row of the table of errors, with and without {@code enable_unsafe_retries}. */
@InAContainer
class ErrorTableTest {
  private static final String ADVICE = ": Check container logs for more details";

  enum Row {
    READINESS_WAIT_FAILED("error waiting for service containers to become ready: ", true) {
      @Override
      Container happen(Scenario given) {
        given.config().set("readiness_file_path", "/opt/circleci/status/ready");
        var container = given.runTask();
        container.probe().awaitStatus("/ready", 200);
        container.signal(Signal.TERM);
        return container;
      }
    },
    TASK_AGENT_DID_NOT_START(
        "error while executing task agent: failed to start task agent command: "
            + "fork/exec /opt/missing: no such file or directory",
        true) {
      @Override
      Container happen(Scenario given) {
        given.config().set("task_agent_path", "/opt/missing");
        return given.runTask();
      }
    },
    TASK_AGENT_EXITED_NON_ZERO(
        "error while executing task agent: task agent command exited with an unexpected error: "
            + "exit status 3",
        false) {
      @Override
      Container happen(Scenario given) {
        given.agent("exit=3");
        return given.runTask();
      }
    },
    TASK_AGENT_DIED_BY_A_SIGNAL(
        "error while executing task agent: task agent command exited with an unexpected error: "
            + "signal: segmentation fault",
        false) {
      @Override
      Container happen(Scenario given) {
        given.agent("die=SEGV");
        return given.runTask();
      }
    },
    CUSTOM_ENTRYPOINT_DID_NOT_START("error starting custom entrypoint [/missing -x]: ", false) {
      @Override
      Container happen(Scenario given) {
        given.config().set("cmd", List.of("/missing", "-x"));
        return given.runTask();
      }
    },
    STILL_RUNNING_AT_THE_END_OF_THE_GRACE_PERIOD(
        "error on shutdown: task agent process is still running, which could interrupt the task. "
            + "Possible reasons include the Pod being evicted or deleted",
        false) {
      @Override
      Container happen(Scenario given) {
        given.agent("touch=/out/started", "sleep=forever");
        var container = given.runTask("--termination-grace-period=100ms");
        given.root().awaitFile("/out/started");
        container.signal(Signal.TERM);
        return container;
      }
    };

    final String message;
    final boolean retryable;

    Row(String message, boolean retryable) {
      this.message = message;
      this.retryable = retryable;
    }

    abstract Container happen(Scenario given);
  }

  @ParameterizedTest
  @EnumSource(names = {"READINESS_WAIT_FAILED", "TASK_AGENT_DID_NOT_START"})
  void shouldHandBackATaskThatHasNotRun(Row row, Scenario given) {
    var container = row.happen(given);

    assertThat(container.exitCode()).isZero();
    assertIsUnclaim(only(given.api().calls()), given);
    assertThat(
            container
                .stdout()
                .awaitEvent("retrying task after encountering a retryable error")
                .fields()
                .get("error"))
        .startsWith(row.message);
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"READINESS_WAIT_FAILED", "TASK_AGENT_DID_NOT_START"})
  void shouldFailATaskThatMayHaveRun(Row row, Scenario given) {
    var container = row.happen(given);

    assertThat(container.exitCode()).isZero();
    assertIsFailEvent(only(given.api().calls()), row);
    assertThat(container.stderr().text()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void shouldHandBackAnyTaskWhenUnsafeRetriesAreEnabled(Row row, Scenario given) {
    given.config().set("enable_unsafe_retries", true);

    var container = row.happen(given);

    assertThat(container.exitCode()).isZero();
    assertIsUnclaim(only(given.api().calls()), given);
  }

  @ParameterizedTest
  @EnumSource
  void shouldFailTheTaskWhenItCannotBeHandedBack(Row row, Scenario given) {
    given.config().set("enable_unsafe_retries", true);
    given.api().always(UNCLAIM, Answer.status(409));

    var container = row.happen(given);

    assertThat(container.exitCode()).isZero();
    assertIsUnclaim(only(given.api().calls(UNCLAIM)), given);
    assertIsFailEvent(only(given.api().calls(FAIL)), row);
    assertThat(container.stdout().text())
        .contains("failed to retry task: ")
        .contains("exhausted all task retries");
  }

  @ParameterizedTest
  @EnumSource
  void shouldExitWithOneAndSayWhyOnStderrWhenNobodyCouldBeTold(Row row, Scenario given) {
    given.api().always(UNCLAIM, Answer.status(404));
    given.api().always(FAIL, Answer.status(404));

    var container = row.happen(given);

    assertThat(container.exitCode()).isOne();
    assertThat(given.api().calls(UNCLAIM)).hasSize(row.retryable ? 1 : 0);
    assertThat(given.api().calls(FAIL)).hasSize(1);
    assertThat(container.stderr().text()).contains(row.message);
    assertThat(container.stdout().text())
        .contains("failed to send fail event for task: error calling CircleCI runner API: ")
        .contains(
            "the response from POST /api/v2/task/event/fail was 404 (Not Found) (1 attempts)");
  }

  @ParameterizedTest
  @CsvSource({
    "1, HUP, hangup",
    "2, INT, interrupt",
    "3, QUIT, quit",
    "6, ABRT, aborted",
    "9, KILL, killed",
    "11, SEGV, segmentation fault",
    "15, TERM, terminated"
  })
  void shouldNameTheSignalThatEndedTheTask(int number, String name, String words, Scenario given) {
    given.agent("die=" + name);

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(only(given.api().calls(FAIL)).message())
        .matches(".*: signal: " + words + "( \\(core dumped\\))?" + ADVICE);
    assertThat(Signal.valueOf(name).number()).isEqualTo(number);
  }

  @Test
  void shouldQuoteWhatTheTaskSaidOnStderr(Scenario given) {
    given.agent("stderr=it broke", "exit=1");

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(only(given.api().calls(FAIL)).message())
        .matches("(?s).*: exit status 1: it broke\\s*" + ADVICE);
  }

  @Test
  void shouldKeepTheFirstAndTheLastOfALongStderr(Scenario given) {
    given.agent("flood-stderr=1000000", "exit=1");

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(only(given.api().calls(FAIL)).message())
        .matches(
            "(?s).*: exit status 1: first[^n]{155}\n\\.\\.\\. omitting 999680 bytes \\.\\.\\.\n"
                + ".{64,160}last\\.+\\s*"
                + ADVICE);
  }

  @Test
  void shouldKeepAllOfAStderrThatIsShortEnough(Scenario given) {
    given.agent("flood-stderr=320", "exit=1");

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(only(given.api().calls(FAIL)).message())
        .doesNotContain("omitting")
        .contains("first")
        .contains("last");
  }

  @Test
  void shouldRemoveTheCharactersOfHtmlFromTheMessage(Scenario given) {
    given.agent("stderr=<b>\"Tom\" & 'Jerry'</b>", "exit=1");

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(only(given.api().calls(FAIL)).message())
        .matches("(?s).*: exit status 1: bTom  Jerry/b\\s*" + ADVICE);
  }

  @Test
  void shouldSayThatAProgramIsNotInThePath(Scenario given) {
    given.environment("PATH", "/bin");
    given.config().set("task_agent_path", "no-such-agent");
    given.api().always(UNCLAIM, Answer.status(409));

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(container.stdout().text())
        .contains("exec: \"no-such-agent\": executable file not found in $PATH");
    assertThat(only(given.api().calls(FAIL)).message())
        .isEqualTo(
            "error while executing task agent: failed to start task agent command: "
                + "exec: no-such-agent: executable file not found in $PATH"
                + ADVICE);
  }

  @ParameterizedTest
  @ValueSource(strings = {".", "bin", "/usr/bin:bin", "/usr/bin:", "/usr/bin::/sbin"})
  void shouldNotRunAProgramThatIsFoundRelativeToTheCurrentFolder(String path, Scenario given) {
    given.root().program("/e", Executables.fakeTaskAgent());
    given.root().program("/bin/e", Executables.fakeTaskAgent());
    given.environment("PATH", path);
    given.config().set("task_agent_path", "e touch=/out/ran");

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertIsUnclaim(only(given.api().calls()), given);
    assertThat(container.stdout().text())
        .contains("exec: \"e\": cannot run executable found relative to current directory");
    assertThat(given.root().has("/out/ran")).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "/opt/not-executable, permission denied",
    "/opt, permission denied",
    "/opt/not-a-program, exec format error",
    "/opt/not-executable/agent, not a directory"
  })
  void shouldSayWhyAnAgentCannotBeStarted(String path, String reason, Scenario given) {
    given.root().file("/opt/not-executable", "x", "rw-r--r--");
    given.root().file("/opt/not-a-program", "not a program", "rwxr-xr-x");
    given.config().set("task_agent_path", path);

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertIsUnclaim(only(given.api().calls()), given);
    assertThat(container.stdout().text()).contains("fork/exec " + path + ": " + reason);
  }

  @Test
  void shouldSayThatACustomEntrypointWithAnEmptyNameIsNoCommand(Scenario given) {
    given.config().set("cmd", List.of(""));

    assertThat(given.runTask().exitCode()).isZero();
    assertThat(only(given.api().calls(FAIL)).message())
        .isEqualTo("error starting custom entrypoint []: exec: no command" + ADVICE);
  }

  private static void assertIsUnclaim(Call call, Scenario given) {
    assertThat(call.method()).isEqualTo("POST");
    assertThat(call.path()).isEqualTo("/api/v3/runner/unclaim");
    assertThat(call.json().keySet()).containsExactlyInAnyOrder("task_id", "task_token");
    assertThat(call.json().get("task_id").getAsString()).isEqualTo("task-1");
    assertThat(call.json().get("task_token").getAsString()).isEqualTo(given.token());
  }

  private static void assertIsFailEvent(Call call, Row row) {
    assertThat(call.method()).isEqualTo("POST");
    assertThat(call.path()).isEqualTo("/api/v2/task/event/fail");
    assertThat(call.json().keySet())
        .containsExactlyInAnyOrder("allocation", "timestamp", "message");
    assertThat(call.json().get("allocation").getAsString()).isEqualTo("allocation-1");
    assertThat(call.json().get("timestamp").getAsLong())
        .isBetween(call.at().toEpochMilli() - 60_000, call.at().toEpochMilli() + 1000);
    assertThat(call.message()).startsWith(row.message).endsWith(ADVICE);
  }

  private static Call only(List<Call> calls) {
    assertThat(calls).hasSize(1);
    return calls.getFirst();
  }
}
