package com.circleci.runnerinit.health;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.JdkLibraries;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * A socket that listens.
 *
 * @param listener the descriptor
 * @param address that it got, as Go writes it, such as {@code 127.0.0.1:7623} or {@code [::]:7623}
 */
record Binding(int listener, int port, String address) {
  private static final int BACKLOG = 1024;
  private static final byte[] ANY_IPV4 = new byte[4];
  private static final byte[] ANY_IPV6 = new byte[16];

  Binding {
    requireNonNull(address, "address is null");
  }

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
    InetAddress host = resolve(requested.host());
    if (host.isAnyLocalAddress()) {
      return listenEverywhere(kernel, requested);
    }
    String text = AddressText.of(host);
    return bind(kernel, host.getAddress(), text, requested.port(), text + ":" + requested.port());
  }

  private static Binding listenEverywhere(Kernel kernel, ListenAddress requested)
      throws IOException {
    try {
      return bind(kernel, ANY_IPV6, "[::]", requested.port(), requested.toString());
    } catch (ListenException e) {
      if (e.errno() != Errno.EAFNOSUPPORT && e.errno() != Errno.EADDRNOTAVAIL) {
        throw e;
      }
      // No IPv6 on this machine, or none in this network.
      return bind(kernel, ANY_IPV4, "0.0.0.0", requested.port(), requested.toString());
    }
  }

  private static Binding bind(Kernel kernel, byte[] host, String text, int port, String shown)
      throws IOException {
    try {
      int listener = kernel.sockets().listen(host, port, BACKLOG);
      int got = kernel.sockets().port(listener);
      return new Binding(listener, got, text + ":" + got);
    } catch (KernelException e) {
      throw new ListenException(shown, e);
    }
  }

  /** A host's first IPv4 address, else its first one: Go's choice when it listens. */
  private static InetAddress resolve(String host) throws IOException {
    JdkLibraries.load();
    if (host.equalsIgnoreCase("localhost")) {
      // RFC 6761 §6.3, and an image with no /etc/hosts needs no resolver for it.
      return InetAddress.getByAddress(host, new byte[] {127, 0, 0, 1});
    }
    try {
      InetAddress[] addresses = InetAddress.getAllByName(host);
      for (InetAddress address : addresses) {
        if (address instanceof Inet4Address) {
          return address;
        }
      }
      return addresses[0];
    } catch (UnknownHostException e) {
      throw new IOException("listen tcp: lookup " + host + ": no such host", e);
    }
  }
}
