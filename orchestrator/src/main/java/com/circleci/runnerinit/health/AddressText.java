package com.circleci.runnerinit.health;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** An address as Go writes it: {@code 127.0.0.1:7623}, {@code [::]:7623}. */
final class AddressText {
  private AddressText() {}

  static String of(InetSocketAddress address) {
    InetAddress host = address.getAddress();
    String text = host instanceof Inet6Address ? "[" + ipv6(host) + "]" : host.getHostAddress();
    return text + ":" + address.getPort();
  }

  private static String ipv6(InetAddress host) {
    if (host.isAnyLocalAddress()) {
      return "::";
    }
    return host.isLoopbackAddress() ? "::1" : host.getHostAddress();
  }
}
