package com.circleci.runnerinit.task;

import com.circleci.runnerinit.health.HealthServer;
import com.circleci.runnerinit.health.Metrics;
import com.circleci.runnerinit.health.Metrics.ApiCall;
import com.circleci.runnerinit.linux.Clock;
import com.circleci.runnerinit.linux.Signals;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** What the flow lets the health server see. The flow writes it, the server reads it. */
final class TaskStatus implements HealthServer.State {
  /** How long the loop may be at one piece of work before it counts as stuck. */
  private static final Duration STUCK_AFTER = Duration.ofSeconds(10);

  private final Clock clock;
  private final String version;
  private final String buildDate;
  private final long beginNanos;
  private final Map<String, Long> signalsForwarded = new TreeMap<>();
  private final Map<ApiCall, Long> apiCalls = new HashMap<>();
  private String phase = "starting";
  private boolean ready;
  private boolean waiting;
  private long workingSinceNanos;
  private int childrenRunning;
  private long orphansReaped;

  TaskStatus(Clock clock, String version, String buildDate) {
    this.clock = clock;
    this.version = version;
    this.buildDate = buildDate;
    beginNanos = clock.nanos();
    workingSinceNanos = beginNanos;
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
    workingSinceNanos = clock.nanos();
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
    return Duration.ofNanos(clock.nanos() - beginNanos);
  }

  @Override
  public synchronized boolean isReady() {
    return ready;
  }

  @Override
  public synchronized boolean isAlive() {
    return waiting || clock.nanos() - workingSinceNanos < STUCK_AFTER.toNanos();
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
