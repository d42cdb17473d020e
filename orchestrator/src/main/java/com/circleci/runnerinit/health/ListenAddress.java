package com.circleci.runnerinit.health;

import com.circleci.runnerinit.clients.net.Deadline;
import com.circleci.runnerinit.clients.net.HostPort;
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
import java.util.Optional;

/**
 * Where to listen: without a host, on every address; for port 0, on one that the kernel chooses.
 */
public record ListenAddress(String host, int port) {
  private static final int MAX_PORT = 65535;
  private static final int BACKLOG = 1024;
  private static final Duration LOOKUP_LIMIT = Duration.ofSeconds(5);

  /** Reads {@code host:port}, {@code :port} or {@code [IPv6]:port}, or says that it is none. */
  public static ListenAddress parse(String value) {
    HostPort parts = HostPort.split(value);
    String digits = parts.port();
    boolean isHost =
        parts.host().chars().allMatch(c -> c > ' ' && c <= '~' && "[]/".indexOf(c) < 0);
    boolean isNumber = !digits.isEmpty() && digits.chars().allMatch(c -> c >= '0' && c <= '9');
    int port = digits.chars().reduce(0, (sum, c) -> Math.min(10 * sum + c - '0', MAX_PORT + 1));
    if (!isHost || !isNumber || port > MAX_PORT) {
      throw new IllegalArgumentException(
          ("invalid address \"" + value + "\": expected host:port, :port or [IPv6]:port, such as")
              + " :7623 or localhost:7623, with a port from 0 to 65535");
    }
    return new ListenAddress(parts.host(), port);
  }

  @Override
  public String toString() {
    return new HostPort(host, "" + port).toString();
  }

  /** A socket that listens, and the address that it got: an IP address and a port. */
  record Listener(int descriptor, ListenAddress address) {}

  /** Listens, by the rules and with the words of Go's {@code net.Listen}. */
  Listener listen(Kernel kernel) throws IOException {
    Optional<InetAddress> one =
        host.isEmpty()
            ? Optional.empty()
            : Optional.of(resolve(kernel)).filter(ip -> !ip.isAnyLocalAddress());
    ListenAddress tried = one.map(ip -> new ListenAddress(HostPort.write(ip), port)).orElse(this);
    try {
      return one.isPresent() ? tried.bind(kernel, one.get().getAddress()) : bindEverywhere(kernel);
    } catch (KernelException e) {
      throw new IOException("listen tcp " + tried + ": " + e.getMessage(), e);
    }
  }

  private Listener bindEverywhere(Kernel kernel) throws KernelException {
    try {
      return new ListenAddress("::", port).bind(kernel, new byte[16]);
    } catch (KernelException e) {
      if (e.errno() != Errno.EAFNOSUPPORT && e.errno() != Errno.EADDRNOTAVAIL) {
        throw e;
      }
      // No IPv6 on this machine, or none in this network.
      return new ListenAddress("0.0.0.0", port).bind(kernel, new byte[4]);
    }
  }

  private Listener bind(Kernel kernel, byte[] ip) throws KernelException {
    int descriptor = kernel.sockets().listen(ip, port, BACKLOG);
    return new Listener(descriptor, new ListenAddress(host, kernel.sockets().port(descriptor)));
  }

  /** The host's first IPv4 address, else its first one: Go's choice when it listens. */
  private InetAddress resolve(Kernel kernel) throws IOException {
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
