package com.circleci.runnerinit.configuration;

/**
 * A text that must not be shown: its string form is redacted.
 *
 * @param reveal the text itself; every caller hands it straight to the one party that it is for
 */
public record Secret(String reveal) {
  public boolean isEmpty() {
    return reveal.isEmpty();
  }

  @Override
  public String toString() {
    return "REDACTED";
  }
}
