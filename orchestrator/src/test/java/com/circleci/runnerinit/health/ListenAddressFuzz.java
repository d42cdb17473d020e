package com.circleci.runnerinit.health;

import com.circleci.runnerinit.fuzzing.Property;
import java.nio.charset.StandardCharsets;

/** Fuzz target: where to listen, there and back. */
public final class ListenAddressFuzz {
  private ListenAddressFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    ListenAddress address;
    try {
      address = ListenAddress.parse(new String(input, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      Property.holds(String.valueOf(e.getMessage()).startsWith("invalid address"), "%s", e);
      return;
    }
    ListenAddress again = ListenAddress.parse(address.toString());
    Property.holds(again.equals(address), "%s became %s", address, again);
  }
}
