package com.circleci.runnerinit.health;

/**
 * What the health server asks of the program. Every method is called on the server's own thread,
 * must be safe for that and must not block: a method that waits holds up every probe.
 */
public interface HealthState {
  /** Whether the task's services may be used; Kubernetes' readiness. */
  boolean isReady();

  /** Whether the supervising loop still turns; Kubernetes restarts a container that is not live. */
  boolean isAlive();

  /** The figures of this moment. Asked for when {@code /metrics} is scraped, and only then. */
  Metrics metrics();
}
