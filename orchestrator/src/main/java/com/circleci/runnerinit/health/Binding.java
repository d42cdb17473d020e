package com.circleci.runnerinit.health;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;

/**
 * A socket that listens, and the address that it got.
 *
 * @param channel the socket, in blocking mode
 */
record Binding(ServerSocketChannel channel, InetSocketAddress address) {
  private static final int BACKLOG = 1024;

  Binding {
    requireNonNull(channel, "channel is null");
    requireNonNull(address, "address is null");
  }

  /**
   * Listens on an address; on every address of the machine, of IPv6 and of IPv4, when the host is
   * empty or the wildcard of either family, as Go does.
   *
   * @throws IOException in the words of Go's {@code net.Listen}
   */
  static Binding listen(ListenAddress requested) throws IOException {
    int port = requested.port();
    if (requested.host().isEmpty()) {
      return listenEverywhere(requested.toString(), port);
    }
    InetAddress address = resolve(requested.host());
    return address.isAnyLocalAddress()
        ? listenEverywhere(requested.toString(), port)
        : bind(ServerSocketChannel.open(), new InetSocketAddress(address, port));
  }

  private static Binding listenEverywhere(String requested, int port) throws IOException {
    // The JDK opens an IPv6 socket that takes IPv4 too, or an IPv4 one where IPv6 is off.
    return bind(ServerSocketChannel.open(), new InetSocketAddress(port), requested);
  }

  private static Binding bind(ServerSocketChannel channel, InetSocketAddress address)
      throws IOException {
    return bind(channel, address, AddressText.of(address));
  }

  private static Binding bind(
      ServerSocketChannel channel, InetSocketAddress address, String shownAddress)
      throws IOException {
    try {
      channel.bind(address, BACKLOG);
      return new Binding(channel, (InetSocketAddress) channel.getLocalAddress());
    } catch (IOException e) {
      channel.close();
      throw ListenFailure.bind(shownAddress, e);
    } catch (UnsupportedAddressTypeException e) {
      channel.close();
      throw ListenFailure.unsupportedFamily(shownAddress, e);
    }
  }

  /** A host's first IPv4 address, else its first one: Go's choice when it listens. */
  private static InetAddress resolve(String host) throws IOException {
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
      throw ListenFailure.unknownHost(host, e);
    }
  }
}
