package com.circleci.runnerinit.clients.net;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * A host, without brackets, and a port that goes with it, or is empty: how Go's net package reads
 * and writes them, and the literal forms of IP addresses.
 */
public record HostPort(String host, String port) {
  /** Splits {@code host:port} or {@code [IPv6]:port}; all of anything else is the host. */
  public static HostPort split(String text) {
    int colon = text.lastIndexOf(':');
    boolean bracketed = text.startsWith("[") && colon > 2 && text.indexOf(']') == colon - 1;
    if (colon < 0 || (!bracketed && text.indexOf(':') < colon)) {
      return new HostPort(text, "");
    }
    String host = bracketed ? text.substring(1, colon - 1) : text.substring(0, colon);
    return new HostPort(host, text.substring(colon + 1));
  }

  @Override
  public String toString() {
    String written = host.indexOf(':') < 0 ? host : "[" + host + "]";
    return port.isEmpty() ? written : written + ":" + port;
  }

  /** Reads a dotted quad or an IPv6 address without zone; anything else is a name. */
  public static Optional<InetAddress> address(String text) {
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

  public static String write(InetSocketAddress address) {
    return new HostPort(write(address.getAddress()), "" + address.getPort()).toString();
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
