package com.circleci.runnerinit.clients.runner.trust;

import com.circleci.runnerinit.fuzzing.Property;

/** Fuzz target: a file of a certificate store. */
public final class PemFuzz {
  private PemFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    Bundle bundle = Pem.certificates(input);
    Property.holds(bundle.isEmpty() == (bundle.size() == 0), "%d", bundle.size());
    // The lines around a certificate alone take 54 bytes.
    Property.holds(bundle.size() <= input.length / 54, "%d certificates", bundle.size());
  }
}
