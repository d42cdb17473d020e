package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.fuzzing.Property;

/** Fuzz target: a file of a certificate store. */
public final class PemFuzz {
  private PemFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    // The lines around a certificate alone take 54 bytes.
    int count = RootStores.certificates(input).size();
    Property.holds(count <= input.length / 54, "%d certificates", count);
  }
}
