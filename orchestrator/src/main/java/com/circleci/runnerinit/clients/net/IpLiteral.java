package com.circleci.runnerinit.clients.net;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/** The literal forms of IP addresses, as Go's net package reads and writes them. */
public final class IpLiteral {
  private IpLiteral() {}

  /** Reads a dotted quad or an IPv6 address without zone; anything else is a name. */
  public static Optional<InetAddress> parse(String text) {
    boolean v6 = text.indexOf(':') >= 0 && text.indexOf('%') < 0 && text.indexOf('[') < 0;
    if (!v6 && !text.matches("[0-9]+(\\.[0-9]+){3}")) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.ofLiteral(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Writes {@code 127.0.0.1:80} or {@code [::1]:80}. */
  public static String write(InetSocketAddress address) {
    return bracketed(write(address.getAddress())) + ":" + address.getPort();
  }

  /** A host as it stands before a port: an IPv6 address in brackets. */
  public static String bracketed(String host) {
    return host.indexOf(':') < 0 ? host : "[" + host + "]";
  }

  /** Writes an address in its shortest form (RFC 5952), without zone. */
  public static String write(InetAddress address) {
    String groups = address.getHostAddress().replaceFirst("%.*", "");
    for (int zeros = 8; zeros > 1; zeros--) {
      String run = ":0".repeat(zeros) + ":";
      String[] around = (":" + groups + ":").split(run, 2);
      if (around.length > 1) {
        return (around[0] + "::" + around[1]).replaceAll("^:(?!:)|(?<!:):$", "");
      }
    }
    return groups;
  }
}
