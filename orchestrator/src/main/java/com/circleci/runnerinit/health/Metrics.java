package com.circleci.runnerinit.health;

import java.time.Duration;
import java.util.Map;

/**
 * The program's figures at one moment.
 *
 * @param phase the name of the state that the orchestrator is in, such as {@code running}
 * @param childrenRunning child processes that were started and have not ended
 * @param orphansReaped adopted processes whose exit was collected since the start
 * @param signalsForwarded signals passed on since the start, by name such as {@code SIGTERM}
 * @param apiCalls calls to the runner API since the start
 * @param uptime time since the start
 * @param version the program's version
 * @param buildDate when it was built, in RFC 3339
 */
public record Metrics(
    String phase,
    int childrenRunning,
    long orphansReaped,
    Map<String, Long> signalsForwarded,
    Map<ApiCall, Long> apiCalls,
    Duration uptime,
    String version,
    String buildDate) {
  public Metrics {
    signalsForwarded = Map.copyOf(signalsForwarded);
    apiCalls = Map.copyOf(apiCalls);
  }
}
