package com.circleci.runnerinit.task;

/** What SIGTERM and SIGINT mean for the task agent. */
public enum SignalPolicy {
  /** It may finish within the grace period, and learns of the signal only at its end. */
  DRAIN,
  /** It gets the signal at once, and the grace period bounds its exit. */
  FORWARD
}
