package com.circleci.runnerinit.clients.net;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/** The literal forms of IP addresses, as Go's net package reads and writes them. */
public final class IpLiteral {
  private IpLiteral() {}

  /** Reads a dotted quad or an IPv6 address without zone; anything else is a name. */
  public static Optional<InetAddress> parse(String text) {
    boolean v6 = text.indexOf(':') >= 0 && text.indexOf('%') < 0 && text.indexOf('[') < 0;
    if (!v6 && !isDottedQuad(text)) {
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
    String host = write(address.getAddress());
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
  }

  /** Writes an address in its shortest form (RFC 5952). */
  public static String write(InetAddress address) {
    return address instanceof Inet6Address v6
        ? shortest(v6.getAddress())
        : address.getHostAddress();
  }

  private static boolean isDottedQuad(String text) {
    return text.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'))
        && text.chars().filter(c -> c == '.').count() == 3;
  }

  private static String shortest(byte[] bytes) {
    int[] groups = new int[8];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = (bytes[2 * i] & 0xff) << 8 | (bytes[2 * i + 1] & 0xff);
    }
    int gapBegin = -1;
    int gapLength = 1;
    for (int i = 0; i < groups.length; i++) {
      int end = i;
      while (end < groups.length && groups[end] == 0) {
        end++;
      }
      if (end - i > gapLength) {
        gapBegin = i;
        gapLength = end - i;
      }
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < groups.length; i++) {
      if (i == gapBegin) {
        text.append("::");
        i += gapLength - 1;
        continue;
      }
      if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
        text.append(':');
      }
      text.append(Integer.toHexString(groups[i]));
    }
    return text.toString();
  }
}
