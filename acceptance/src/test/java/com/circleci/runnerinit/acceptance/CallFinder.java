package com.circleci.runnerinit.acceptance;

import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.acceptance.harness.TracedCall;
import com.circleci.runnerinit.testing.ProcessView;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Tells strace(1) which of the calls of one name is meant.
 *
 * @param among picks it out of the calls of that name in a run without faults
 * @param paths what it must name, or have a descriptor of; then it is the first of those
 */
record CallFinder(Among among, Paths paths) {
  private static final Pattern RESULT = Pattern.compile("= (\\d+)$");
  private static final Among FIRST = (_, all) -> all.stream().findFirst();
  private static final Paths NONE = (_, _) -> List.of();

  @FunctionalInterface
  interface Among {
    Optional<TracedCall> pick(List<TracedCall> run, List<TracedCall> ofThisName);
  }

  @FunctionalInterface
  interface Paths {
    List<String> of(Scenario given, ProcessView orchestrator);
  }

  static CallFinder first() {
    return new CallFinder(FIRST, NONE);
  }

  /** The one that names a path as the container sees it. */
  static CallFinder path(String path) {
    return new CallFinder(FIRST, (_, _) -> List.of(path));
  }

  /** The one on a descriptor of a file. */
  static CallFinder file(String path) {
    return new CallFinder(FIRST, (given, _) -> List.of(given.root().path(path).toString()));
  }

  /** The one on one of the descriptors that the orchestrator was started with. */
  static CallFinder descriptor(int number) {
    return new CallFinder(
        FIRST, (_, orchestrator) -> List.of(orchestrator.descriptor(number).orElseThrow()));
  }

  /** The n-th, from one, whose arguments match. */
  static CallFinder text(String expression, int n) {
    var pattern = Pattern.compile(expression);
    return new CallFinder(
        (_, all) ->
            all.stream()
                .filter(call -> pattern.matcher(call.text()).find())
                .skip(n - 1)
                .findFirst(),
        NONE);
  }

  /** The last in the thread of another call, before that. */
  static CallFinder lastBefore(String other) {
    return new CallFinder(
        (run, all) -> {
          var end = named(other, run).findFirst().orElseThrow();
          return all.stream()
              .filter(call -> call.thread().equals(end.thread()))
              .filter(call -> run.indexOf(call) < run.indexOf(end))
              .reduce((_, later) -> later);
        },
        NONE);
  }

  /** The clone(2) that makes a thread; its number is known by gettid(2). */
  static CallFinder thread(String name) {
    return new CallFinder(
        (run, all) -> {
          var thread = threadOf(name, run);
          var number =
              named("gettid", run)
                  .filter(call -> call.thread().equals(thread))
                  .map(CallFinder::result)
                  .findFirst()
                  .orElseThrow();
          return all.stream().filter(call -> result(call).equals(number)).findFirst();
        },
        NONE);
  }

  /** The first in a thread. */
  static CallFinder inThread(String name) {
    return new CallFinder(
        (run, all) -> {
          var thread = threadOf(name, run);
          return all.stream().filter(call -> call.thread().equals(thread)).findFirst();
        },
        NONE);
  }

  /** A thread gets its name by prctl(2). */
  private static String threadOf(String name, List<TracedCall> run) {
    var naming = Pattern.compile("PR_SET_NAME, \"" + name + "\"");
    return named("prctl", run)
        .filter(call -> naming.matcher(call.text()).find())
        .map(TracedCall::thread)
        .findFirst()
        .orElseThrow();
  }

  private static Stream<TracedCall> named(String name, List<TracedCall> run) {
    return run.stream().filter(call -> call.name().equals(name));
  }

  private static String result(TracedCall call) {
    var result = RESULT.matcher(call.text());
    return result.find() ? result.group(1) : "";
  }
}
