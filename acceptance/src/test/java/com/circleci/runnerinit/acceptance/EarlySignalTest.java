package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.UNCLAIM;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.acceptance.harness.TracedCall;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.Signal;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A stop that is asked for before there is a task agent: nothing more is started. */
@InAContainer
class EarlySignalTest {

  @ParameterizedTest
  @EnumSource(names = {"TERM", "INT"})
  void shouldStartNothingWhenTheSignalCameBeforeItBegan(Signal signal, Scenario given) {
    given.startedBy("block=" + signal, "raise=" + signal);
    given.entrypoint("touch=/out/service").agent("touch=/out/agent");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.api().calls()).extracting(Call::path).containsExactly(UNCLAIM.path());
    assertThat(given.root().names("/out")).isEmpty();
  }

  /** What comes earlier, the kernel keeps from PID 1, and kills any other process by. */
  @Test
  @Tag("image")
  void shouldBlockSignalsBeforeItDoesAnythingWithThem(Scenario given) {
    var traced = given.runTracedTask(_ -> Optional.empty());

    assertThat(traced.container().exitCode()).isZero();
    assertThat(traced.tracer().calls())
        .filteredOn(call -> call.name().startsWith("rt_sig"))
        .first()
        .satisfies(call -> assertThat(call.text()).startsWith("SIG_SETMASK, ~["))
        .extracting(TracedCall::name)
        .isEqualTo("rt_sigprocmask");
  }
}
