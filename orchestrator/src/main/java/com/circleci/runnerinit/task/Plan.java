package com.circleci.runnerinit.task;

import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.health.ListenAddress;
import java.time.Duration;
import java.util.Set;

/**
 * What a run is asked to do.
 *
 * @param shutdownDelay from SIGTERM or SIGINT to the beginning of the shutdown
 * @param gracePeriod how long the task agent may go on after that
 * @param stopSignals further signals that mean what SIGTERM means
 */
public record Plan(
    Configuration configuration,
    Duration shutdownDelay,
    Duration gracePeriod,
    SignalPolicy signalPolicy,
    Set<Integer> stopSignals,
    ListenAddress healthAddress) {
  public Plan {
    stopSignals = Set.copyOf(stopSignals);
  }
}
