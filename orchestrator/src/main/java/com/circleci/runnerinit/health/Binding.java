package com.circleci.runnerinit.health;

import com.circleci.runnerinit.clients.net.Deadline;
import com.circleci.runnerinit.clients.net.IpLiteral;
import com.circleci.runnerinit.clients.net.NetworkException;
import com.circleci.runnerinit.clients.net.Resolver;
import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.JdkLibraries;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/**
 * A socket that listens.
 *
 * @param listener the descriptor
 * @param address that it got, as Go writes it, such as {@code 127.0.0.1:7623} or {@code [::]:7623}
 */
record Binding(int listener, int port, String address) {
  private static final Duration LOOKUP_LIMIT = Duration.ofSeconds(5);
  private static final int BACKLOG = 1024;
  private static final byte[] ANY_IPV4 = new byte[4];
  private static final byte[] ANY_IPV6 = new byte[16];

  /**
   * Listens on an address; on every address of the machine, of IPv6 and of IPv4, when the host is
   * empty or the wildcard of either family, as Go does.
   *
   * @throws IOException in the words of Go's {@code net.Listen}
   */
  static Binding listen(Kernel kernel, ListenAddress requested) throws IOException {
    if (requested.host().isEmpty()) {
      return listenEverywhere(kernel, requested);
    }
    InetAddress host = resolve(kernel, requested.host());
    if (host.isAnyLocalAddress()) {
      return listenEverywhere(kernel, requested);
    }
    String text = IpLiteral.write(host);
    text = text.indexOf(':') < 0 ? text : "[" + text + "]";
    try {
      return bind(kernel, host.getAddress(), text, requested.port());
    } catch (KernelException e) {
      throw failure(text + ":" + requested.port(), e);
    }
  }

  private static Binding listenEverywhere(Kernel kernel, ListenAddress requested)
      throws IOException {
    try {
      return bind(kernel, ANY_IPV6, "[::]", requested.port());
    } catch (KernelException e) {
      if (e.errno() != Errno.EAFNOSUPPORT && e.errno() != Errno.EADDRNOTAVAIL) {
        throw failure(requested.toString(), e);
      }
    }
    try {
      // No IPv6 on this machine, or none in this network.
      return bind(kernel, ANY_IPV4, "0.0.0.0", requested.port());
    } catch (KernelException e) {
      throw failure(requested.toString(), e);
    }
  }

  private static Binding bind(Kernel kernel, byte[] host, String text, int port)
      throws KernelException {
    int listener = kernel.sockets().listen(host, port, BACKLOG);
    int got = kernel.sockets().port(listener);
    return new Binding(listener, got, text + ":" + got);
  }

  private static IOException failure(String address, KernelException e) {
    return new IOException("listen tcp " + address + ": " + e.getMessage(), e);
  }

  /** A host's first IPv4 address, else its first one: Go's choice when it listens. */
  private static InetAddress resolve(Kernel kernel, String host) throws IOException {
    JdkLibraries.load();
    if (host.equalsIgnoreCase("localhost")) {
      // RFC 6761 §6.3, and an image with no /etc/hosts needs no resolver for it.
      return InetAddress.getByAddress(host, new byte[] {127, 0, 0, 1});
    }
    try {
      List<InetAddress> addresses = new Resolver(kernel).lookup(host, Deadline.in(LOOKUP_LIMIT));
      return addresses.stream()
          .filter(address -> address instanceof Inet4Address)
          .findFirst()
          .orElseGet(addresses::getFirst);
    } catch (NetworkException e) {
      throw new IOException("listen tcp: " + e.reason(), e);
    }
  }
}
