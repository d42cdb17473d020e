package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Five hundred tasks that end in each way there is, or some under QEMU: none is reported wrong. */
@InAContainer
@Tag("core")
class ExitCodesTest {
  private static final int RUNS = 500;

  record End(String verb, String words) {}

  static Stream<End> ends() {
    var each = new ArrayList<End>();
    IntStream.range(0, 256)
        .filter(code -> !Executables.areEmulated() || code % 32 <= 1)
        .mapToObj(code -> new End("exit=" + code, code == 0 ? "" : "exit status " + code))
        .forEach(each::add);
    each.add(new End("die=1", "signal: hangup"));
    each.add(new End("die=2", "signal: interrupt"));
    each.add(new End("die=3", "signal: quit"));
    each.add(new End("die=6", "signal: aborted"));
    each.add(new End("die=9", "signal: killed"));
    each.add(new End("die=11", "signal: segmentation fault"));
    each.add(new End("die=15", "signal: terminated"));
    return Executables.areEmulated()
        ? each.stream()
        : IntStream.range(0, RUNS).mapToObj(run -> each.get(run % each.size()));
  }

  @ParameterizedTest
  @MethodSource("ends")
  void shouldReportTheEndOfTheTaskAsItWas(End end, Scenario given) {
    given.agent(end.verb());

    var container = given.runTask();

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls(FAIL).stream().map(call -> call.message()).map(ExitCodesTest::end))
        .as("%s: %s", end, container.stdout().text())
        .isEqualTo(end.words().isEmpty() ? List.of() : List.of(end.words()));
  }

  /** QEMU adds a line of its own, of a signal that dumps core. */
  private static String end(String message) {
    return message
        .replaceFirst("(?s): qemu: uncaught target signal .* core dumped\n", "")
        .replace(
            "error while executing task agent: "
                + "task agent command exited with an unexpected error: ",
            "")
        .replace(": Check container logs for more details", "");
  }
}
