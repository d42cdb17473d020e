package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static com.circleci.runnerinit.testing.Route.UNCLAIM;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Budget;
import com.circleci.runnerinit.acceptance.harness.Container;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.Signal;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Signals at any rate and at any moment (spec, "Signals").
 *
 * <p>The kernel merges a standard signal with one of its kind that is still pending, and queues
 * real-time ones (signal(7)). So of the former, as many arrive as were sent, or fewer, but one
 * always after the last was sent; of the latter, exactly as many.
 *
 * <p>SIGTSTP is not among them: the kernel drops a pending SIGCONT when it comes.
 */
@InAContainer
@Isolated
class SignalStormTest {
  private static final int SIGNALS = 10_000;

  private static final List<Signal> STANDARD =
      List.of(
          Signal.HUP,
          Signal.QUIT,
          Signal.USR1,
          Signal.USR2,
          Signal.ALRM,
          Signal.CONT,
          Signal.URG,
          Signal.WINCH,
          Signal.PWR);

  private static final List<Integer> REAL_TIME = List.of(35, 36, 50, 64);

  private static final List<Integer> NUMBERS =
      Stream.concat(STANDARD.stream().map(Signal::number), REAL_TIME.stream()).toList();

  private static final String SERVICE = "/out/service";

  /** The processes that get every signal: one of each group, and one more of the agent's. */
  private static final List<String> RECIPIENTS = List.of("/out/agent", "/out/member", SERVICE);

  private static final String STRANGER = "/out/stranger";

  @ParameterizedTest
  @EnumSource
  void shouldLoseNoSignalAtFullSpeedWhileChildrenExit(Place place, Scenario given) {
    var container =
        startRecording("time-signals=", place, given, "storm=5000", "touch=/out/stormed");
    given.root().file("/out/go", "");

    var orchestrator = container.orchestrator().pid();
    Map<String, Long> lastSent = new HashMap<>();
    for (var i = 0; i < SIGNALS; i++) {
      var number = NUMBERS.get(i % NUMBERS.size());
      lastSent.put(nameOf(number), System.nanoTime());
      assertThat(Signal.send(orchestrator, number)).isTrue();
    }

    var sentOfEach =
        IntStream.range(0, SIGNALS)
            .mapToObj(i -> nameOf(NUMBERS.get(i % NUMBERS.size())))
            .collect(groupingBy(name -> name, counting()));
    for (var recipient : RECIPIENTS) {
      Await.until(
          "the last of each standard signal, and every real-time one, in " + recipient,
          () -> {
            var arrivals = recorded(given, recipient);
            return arrivedSince(lastSent, arrivals)
                && REAL_TIME.stream()
                    .map(SignalStormTest::nameOf)
                    .allMatch(name -> countOf(arrivals, name) >= sentOfEach.getOrDefault(name, 0L));
          });
    }
    given.root().awaitFile("/out/stormed");
    given.root().file("/out/end", "");
    assertThat(container.exitCode()).isZero();

    for (var recipient : RECIPIENTS) {
      var arrived =
          recorded(given, recipient).stream().collect(groupingBy(Arrival::signal, counting()));
      arrived.keySet().removeAll(endOf(recipient).lines().toList());
      assertThat(arrived).containsOnlyKeys(sentOfEach.keySet());
      REAL_TIME.forEach(number ->
          assertThat(arrived)
              .containsEntry(nameOf(number), sentOfEach.getOrDefault(nameOf(number), 0L)));
      arrived.forEach((signal, count) ->
          assertThat(count).isLessThanOrEqualTo(sentOfEach.getOrDefault(signal, 0L)));
    }
    assertThat(given.root().read(STRANGER)).isEmpty();
    assertThat(given.api().calls()).isEmpty();
  }

  @Test
  void shouldPassEachSignalOnExactlyOnceWhenTheyComeOneByOne(Scenario given) {
    var container = startRecording("record-signals=", Place.PID_1, given, "storm=5000");
    given.root().file("/out/go", "");
    var orchestrator = container.orchestrator().pid();
    var files = RECIPIENTS.stream().map(it -> given.root().path(it).toFile()).toList();

    long[] length = {0};
    var began = System.nanoTime();
    for (var i = 0; i < SIGNALS; i++) {
      var number = NUMBERS.get(i % NUMBERS.size());
      assertThat(Signal.send(orchestrator, number)).isTrue();
      length[0] += lineOf(number).length();
      spinUntil(() -> files.stream().allMatch(file -> file.length() >= length[0]));
    }
    var each = Duration.ofNanos((System.nanoTime() - began) / SIGNALS);
    given.root().file("/out/end", "");
    assertThat(container.exitCode()).isZero();

    var sent =
        IntStream.range(0, SIGNALS)
            .mapToObj(i -> lineOf(NUMBERS.get(i % NUMBERS.size())))
            .reduce(new StringBuilder(), StringBuilder::append, StringBuilder::append)
            .toString();
    for (var recipient : RECIPIENTS) {
      assertThat(given.root().read(recipient).equals(sent + endOf(recipient)))
          .as(recipient)
          .isTrue();
    }
    assertThat(given.root().read(STRANGER)).isEmpty();
    Budget.say("a signal from the host to both groups %.2f ms", each.toNanos() / 1e6);
  }

  /** Before it runs, PID 1 is protected by the kernel; then by its own mask. */
  @Test
  void shouldSurviveSignalsFromItsFirstInstant(Scenario given) {
    given.config().set("readiness_file_path", "/status/ready");
    given.agent("touch=/out/started");
    var container = given.runTask();

    Await.until(
        "ready, under fire",
        () -> {
          for (var i = 0; i < 200; i++) {
            STANDARD.forEach(container::signalFirstProcess);
          }
          return container.probe().attempt("/ready").filter(it -> it.status() == 200).isPresent();
        });
    given.root().file("/status/ready", "");

    assertThat(container.exitCode()).isZero();
    assertThat(given.root().has("/out/started")).isTrue();
    assertThat(given.api().calls()).isEmpty();
  }

  /**
   * From its first instruction on, with a mask that it has from who started it; at 150 moments of a
   * start, which lie far apart on a JVM.
   */
  @ParameterizedTest
  @EnumSource
  @Tag("image")
  void shouldNeverLoseSigtermWhateverItIsDoingAtTheStart(Place place, Scenario given) {
    place.in(given).startedBy("block=TERM").agent("sleep=forever");
    for (var step = 0; step < 150; step++) {
      var callsBefore = given.api().calls().size();
      var container = given.runTask("--termination-grace-period=0s");
      spinUntil(container::holdsSignals);
      pause(Duration.ofNanos(step * 160_000L));

      assertThat(Signal.TERM.sendTo(container.orchestrator().pid())).isTrue();

      assertThat(container.exitCode()).isZero();
      var started = !container.stdout().events("task agent started").isEmpty();
      assertThat(given.api().calls().stream().skip(callsBefore))
          .extracting(Call::path)
          .containsExactly(started ? FAIL.path() : UNCLAIM.path());
    }
    assertThat(given.api().calls(UNCLAIM)).as("starts that were stopped in time").isNotEmpty();
  }

  /** Of processes that queue signals for it as fast as the machine can. */
  @Test
  void shouldEndInTimeUnderAFlood(Scenario given) {
    var verbs = Stream.<String>builder().add("ignore=40");
    for (var i = 0; i < 4; i++) {
      verbs.add("aside=setsid:2").add("ignore=40").add("flood-signals=1:40");
    }
    given.agent(verbs.add("sleep=forever").build().toArray(String[]::new));
    var container = given.runTask("--termination-grace-period=1s");
    Await.until("a full queue", () -> container.orchestrator().queuesNoMoreSignals());
    var began = System.nanoTime();

    container.signal(Signal.TERM);

    assertThat(container.exitCode()).isZero();
    assertThat(Duration.ofNanos(container.endedAt() - began)).isLessThan(Duration.ofSeconds(8));
    assertThat(given.api().calls(FAIL))
        .singleElement()
        .satisfies(call -> assertThat(call.message()).startsWith("error on shutdown: "));
  }

  @ParameterizedTest
  @EnumSource
  void shouldEndRightUnderSignalsThatComeIntoTheEnd(Place place, Scenario given) {
    place.in(given).agent("record-signals=/out/signals", "touch=/out/started", "sleep=10");
    for (var round = 0; round < 20; round++) {
      var container = given.runTask("--termination-grace-period=10m");
      given.root().awaitFile("/out/started").remove("/out/started");

      var orchestrator = container.orchestrator().pid();
      spinUntil(() -> {
        STANDARD.forEach(signal -> signal.sendTo(orchestrator));
        return container.ended();
      });

      assertThat(container.exitCode()).isZero();
    }
    assertThat(given.api().calls()).isEmpty();
  }

  /** One SIGTERM only begins the grace period: a task that ends well is a success all the same. */
  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void shouldJudgeATaskByItsEndWhenSigtermComesIntoIt(int status, Scenario given) {
    given.agent("touch=/out/started", "sleep=4", "exit=" + status);
    for (var step = 0; step < 25; step++) {
      var callsBefore = given.api().calls().size();
      var container = given.runTask("--termination-grace-period=10m");
      given.root().awaitFile("/out/started").remove("/out/started");
      pause(Duration.ofNanos(step * 300_000L));

      container.signalFirstProcess(Signal.TERM);

      assertThat(container.exitCode()).isZero();
      assertThat(given.api().calls().stream().skip(callsBefore))
          .extracting(Call::path)
          .containsExactlyElementsOf(status == 0 ? List.of() : List.of(FAIL.path()));
    }
  }

  /** A second one skips the rest of the grace period, which is over when the task has ended. */
  @ParameterizedTest
  @EnumSource(names = {"TERM", "INT"})
  void shouldJudgeATaskByItsEndWhenASecondSignalComesAfterIt(Signal second, Scenario given) {
    given.agent("touch=/out/started", "wait-file=/out/go");
    var container = given.runTask("--termination-grace-period=10m");
    given.root().awaitFile("/out/started");
    container.signal(Signal.TERM);
    container.stdout().awaitEvent("system: shutdown signal received");
    var agent = container.living("circleci-agent").getFirst();

    container.signal(Signal.STOP);
    given.root().file("/out/go", "");
    Await.until("the end of the agent", () -> !agent.isAlive());
    container.signal(second);
    container.signal(Signal.CONT);

    assertThat(container.exitCode()).isZero();
    assertThat(given.api().calls()).isEmpty();
  }

  private record Arrival(String signal, long at) {}

  /** The agent is there, a member of its group, a stranger that makes orphans, and a service. */
  private static Container startRecording(
      String recording, Place place, Scenario given, String... ofStranger) {
    given.entrypoint(recording + SERVICE, "on-term=exit:0", "touch=/out/up", "sleep=forever");
    var verbs = Stream.<String>builder();
    verbs.add("aside=group:3").add(recording + "/out/member");
    verbs.add("touch=/out/member-up").add("sleep=forever");
    verbs.add("aside=setsid:" + (4 + ofStranger.length));
    verbs.add("record-signals=" + STRANGER).add("touch=/out/stranger-up");
    verbs.add("wait-file=/out/go");
    Stream.of(ofStranger).forEach(verbs);
    verbs.add("sleep=forever");
    verbs.add(recording + "/out/agent").add("touch=/out/agent-up").add("wait-file=/out/end");
    place.in(given).agent(verbs.build().toArray(String[]::new));
    var container = given.runTask();
    Stream.of("/out/up", "/out/member-up", "/out/stranger-up", "/out/agent-up")
        .forEach(given.root()::awaitFile);
    return container;
  }

  private static List<Arrival> recorded(Scenario given, String file) {
    return given
        .root()
        .read(file)
        .lines()
        .map(line -> line.split(" ", 2))
        .filter(words -> words.length == 2 && !words[1].isEmpty())
        .map(words -> new Arrival(words[0], Long.parseLong(words[1])))
        .toList();
  }

  private static long countOf(List<Arrival> arrivals, String signal) {
    return arrivals.stream().filter(arrival -> arrival.signal().equals(signal)).count();
  }

  private static boolean arrivedSince(Map<String, Long> sent, List<Arrival> arrivals) {
    return sent.entrySet().stream()
        .allMatch(entry ->
            arrivals.stream()
                .anyMatch(it -> it.signal().equals(entry.getKey()) && it.at() >= entry.getValue()));
  }

  /** The service is asked to end when the task has. */
  private static String endOf(String recipient) {
    return recipient.equals(SERVICE) ? "TERM\n" : "";
  }

  private static String nameOf(int number) {
    return STANDARD.stream()
        .filter(signal -> signal.number() == number)
        .map(Signal::name)
        .findFirst()
        .orElseGet(() -> Integer.toString(number));
  }

  private static String lineOf(int number) {
    return nameOf(number) + "\n";
  }

  /** For what comes within microseconds. */
  private static void spinUntil(BooleanSupplier condition) {
    var deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("a condition within 30 s").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  /** A moment to be hit, not a wait for something. */
  private static void pause(Duration duration) {
    var end = System.nanoTime() + duration.toNanos();
    while (System.nanoTime() < end) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }
}
