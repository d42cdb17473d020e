package com.circleci.runnerinit.clients.net;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts addresses into the order of RFC 6724 §6, by the rules that Go keeps to: those that have a
 * route come first (1), then those of their source's scope (2) and label (5), those of a higher
 * precedence (6) and a smaller scope (8); else the order is left as it was.
 */
final class AddressOrder {
  private static final int DISCARD_PORT = 9;
  private static final int LINK = 2;
  private static final int SITE = 5;
  private static final int GLOBAL = 14;

  private AddressOrder() {}

  /** The policy's row for an address: RFC 6724 §2.1. */
  private record Policy(int precedence, int label) {
    static Policy of(InetAddress address) {
      byte[] bytes = address.getAddress();
      if (!(address instanceof Inet6Address)) {
        return new Policy(35, 4);
      }
      int begin = ((bytes[0] & 0xff) << 8) | (bytes[1] & 0xff);
      if (address.isLoopbackAddress()) {
        return new Policy(50, 0);
      } else if (begin == 0x2002) {
        return new Policy(30, 2);
      } else if (begin == 0x2001 && bytes[2] == 0 && bytes[3] == 0) {
        return new Policy(5, 5);
      } else if ((bytes[0] & 0xfe) == 0xfc) {
        return new Policy(3, 13);
      }
      return new Policy(40, 1);
    }
  }

  private record Ranked(InetAddress address, @Nullable InetAddress source) {
    boolean isUnreachable() {
      return source == null;
    }

    boolean hasOtherScope() {
      return source != null && scope(source) != scope(address);
    }

    boolean hasOtherLabel() {
      return source != null && Policy.of(source).label() != Policy.of(address).label();
    }
  }

  static List<InetAddress> sorted(Kernel kernel, List<InetAddress> addresses) {
    if (addresses.size() < 2) {
      return addresses;
    }
    List<Ranked> ranked = new ArrayList<>();
    addresses.forEach(address -> ranked.add(new Ranked(address, source(kernel, address))));
    ranked.sort(
        Comparator.comparing(Ranked::isUnreachable)
            .thenComparing(Ranked::hasOtherScope)
            .thenComparing(Ranked::hasOtherLabel)
            .thenComparingInt(one -> -Policy.of(one.address()).precedence())
            .thenComparingInt(one -> scope(one.address())));
    return ranked.stream().map(Ranked::address).toList();
  }

  /** What the kernel would send from; null if it has no route. Nothing is sent. */
  private static @Nullable InetAddress source(Kernel kernel, InetAddress address) {
    try {
      InetSocketAddress target = new InetSocketAddress(address, DISCARD_PORT);
      int socket = Connection.connect(kernel, true, target);
      try {
        return InetAddress.getByAddress(kernel.sockets().localHost(socket));
      } finally {
        kernel.descriptors().close(socket);
      }
    } catch (KernelException | UnknownHostException e) {
      return null;
    }
  }

  private static int scope(InetAddress address) {
    if (address.isLoopbackAddress() || address.isLinkLocalAddress()) {
      return LINK;
    }
    return address instanceof Inet6Address && address.isSiteLocalAddress() ? SITE : GLOBAL;
  }
}
