package com.circleci.runnerinit.linux;

/** A descriptor, and what to wait for on it. */
public record Interest(int descriptor, boolean writing) {
  public static Interest inReading(int descriptor) {
    return new Interest(descriptor, false);
  }

  public static Interest inWriting(int descriptor) {
    return new Interest(descriptor, true);
  }
}
