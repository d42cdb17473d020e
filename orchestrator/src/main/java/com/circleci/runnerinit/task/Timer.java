package com.circleci.runnerinit.task;

/** What the orchestrator sets a time limit to; each runs at most once at a time. */
public enum Timer {
  READINESS,
  SHUTDOWN_DELAY,
  GRACE_PERIOD,
  AGENT_KILL,
  AGENT_DEATH,
  ENTRYPOINT_KILL,
  SWEEP,
  REPORT
}
