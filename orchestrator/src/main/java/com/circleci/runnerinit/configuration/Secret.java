package com.circleci.runnerinit.configuration;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** A text that must not be shown: its string form is redacted. */
public final class Secret {
  private static final String REDACTED = "REDACTED";

  private final String value;

  public Secret(String value) {
    this.value = value;
  }

  /** The text itself. Every caller hands it straight to the one party that it is meant for. */
  public String reveal() {
    return value;
  }

  public boolean isEmpty() {
    return value.isEmpty();
  }

  @Override
  public String toString() {
    return REDACTED;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret
        && MessageDigest.isEqual(
            value.getBytes(StandardCharsets.UTF_8), secret.value.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public int hashCode() {
    return REDACTED.hashCode();
  }
}
