package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.health.ApiCall;
import com.circleci.runnerinit.health.HealthState;
import com.circleci.runnerinit.health.Metrics;
import com.circleci.runnerinit.linux.Signals;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** What the event loop lets the health server see. The loop writes it, the server reads it. */
final class TaskStatus implements HealthState {
  /** How long the loop may be at one piece of work before it counts as stuck. */
  private static final Duration STUCK_AFTER = Duration.ofSeconds(10);

  private final String version;
  private final String buildDate;
  private final long beginNanos = System.nanoTime();
  private final Map<String, Long> signalsForwarded = new TreeMap<>();
  private final Map<ApiCall, Long> apiCalls = new HashMap<>();
  private String phase = "starting";
  private boolean ready;
  private boolean waiting;
  private long workingSinceNanos = beginNanos;
  private int childrenRunning;
  private long orphansReaped;

  TaskStatus(String version, String buildDate) {
    this.version = requireNonNull(version, "version is null");
    this.buildDate = requireNonNull(buildDate, "buildDate is null");
  }

  synchronized void become(String newPhase) {
    phase = newPhase;
  }

  synchronized void becomeReady() {
    ready = true;
  }

  /** The loop waits for events: nothing can be stuck. */
  synchronized void beginWaiting() {
    waiting = true;
  }

  synchronized void beginWork() {
    waiting = false;
    workingSinceNanos = System.nanoTime();
  }

  synchronized void childStarted() {
    childrenRunning++;
  }

  synchronized void childEnded() {
    childrenRunning--;
  }

  synchronized void orphanReaped() {
    orphansReaped++;
  }

  synchronized long orphansReaped() {
    return orphansReaped;
  }

  synchronized void signalForwarded(int signal) {
    signalsForwarded.merge(Signals.name(signal), 1L, Long::sum);
  }

  synchronized void apiCalled(ApiCall call) {
    apiCalls.merge(call, 1L, Long::sum);
  }

  synchronized Duration uptime() {
    return Duration.ofNanos(System.nanoTime() - beginNanos);
  }

  @Override
  public synchronized boolean isReady() {
    return ready;
  }

  @Override
  public synchronized boolean isAlive() {
    return waiting || System.nanoTime() - workingSinceNanos < STUCK_AFTER.toNanos();
  }

  @Override
  public synchronized Metrics metrics() {
    return new Metrics(
        phase,
        childrenRunning,
        orphansReaped,
        signalsForwarded,
        apiCalls,
        uptime(),
        version,
        buildDate);
  }
}
