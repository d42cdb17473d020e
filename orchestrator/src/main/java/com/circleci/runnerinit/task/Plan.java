package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.configuration.ParsedConfiguration;
import java.time.Duration;

/**
 * What the orchestrator decides by.
 *
 * @param shutdownDelay from SIGTERM or SIGINT to the beginning of the shutdown
 * @param gracePeriod how long the task agent may go on after that
 */
public record Plan(
    ParsedConfiguration parsed,
    Duration shutdownDelay,
    Duration gracePeriod,
    SignalPolicy signalPolicy) {
  public Plan {
    requireNonNull(parsed, "parsed is null");
    requireNonNull(shutdownDelay, "shutdownDelay is null");
    requireNonNull(gracePeriod, "gracePeriod is null");
    requireNonNull(signalPolicy, "signalPolicy is null");
  }
}
