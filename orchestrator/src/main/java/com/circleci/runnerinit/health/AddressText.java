package com.circleci.runnerinit.health;

import java.net.Inet6Address;
import java.net.InetAddress;

/** A host's address as Go writes it before a port: {@code 127.0.0.1}, {@code [::1]}. */
final class AddressText {
  private AddressText() {}

  static String of(InetAddress host) {
    if (!(host instanceof Inet6Address)) {
      return host.getHostAddress();
    }
    return host.isLoopbackAddress() ? "[::1]" : "[" + host.getHostAddress() + "]";
  }
}
