package com.circleci.runnerinit.clients.runner.proxy;

import com.circleci.runnerinit.clients.runner.url.IpLiteral;
import java.net.InetAddress;
import java.util.Optional;

/** One entry of {@code NO_PROXY}. */
sealed interface Exemption {
  boolean covers(String host, Optional<InetAddress> address, int port);

  /** Reads an entry in lower case. */
  static Optional<Exemption> parse(String entry) {
    if (entry.equals("*")) {
      return Optional.of(new Everything());
    }
    Optional<Exemption> block = Block.parse(entry);
    if (block.isPresent()) {
      return block;
    }
    int colon = entry.lastIndexOf(':');
    boolean bracketed = entry.startsWith("[") && colon > 0 && entry.charAt(colon - 1) == ']';
    boolean hasPort = colon >= 0 && (bracketed || entry.indexOf(':') == colon);
    String port = hasPort ? entry.substring(colon + 1) : "";
    String host = hasPort ? entry.substring(0, colon) : entry;
    if (bracketed) {
      host = host.substring(1, host.length() - 1);
    }
    if (host.isEmpty()) {
      return Optional.empty();
    }
    Optional<InetAddress> address = IpLiteral.parse(host);
    return Optional.of(
        address.isPresent() ? new Address(address.get(), port) : Domain.parse(host, port));
  }

  /** Every host. */
  record Everything() implements Exemption {
    @Override
    public boolean covers(String host, Optional<InetAddress> address, int port) {
      return true;
    }
  }

  /** One address, on one port unless that is empty. */
  record Address(InetAddress exempt, String onPort) implements Exemption {
    @Override
    public boolean covers(String host, Optional<InetAddress> address, int port) {
      return address.filter(exempt::equals).isPresent() && matches(onPort, port);
    }
  }

  /** A name's subdomains, and the name itself unless it was written with a leading dot. */
  record Domain(String suffix, boolean withItself, String onPort) implements Exemption {
    static Exemption parse(String written, String port) {
      String name = written.startsWith("*.") ? written.substring(1) : written;
      return name.startsWith(".")
          ? new Domain(name, false, port)
          : new Domain("." + name, true, port);
    }

    @Override
    public boolean covers(String host, Optional<InetAddress> address, int port) {
      boolean itself = withItself && suffix.length() == host.length() + 1 && suffix.endsWith(host);
      return (host.endsWith(suffix) || itself) && matches(onPort, port);
    }
  }

  /** The addresses whose first bits are those of another (CIDR). */
  record Block(InetAddress network, int bits) implements Exemption {
    static Optional<Exemption> parse(String entry) {
      int slash = entry.indexOf('/');
      if (slash < 0) {
        return Optional.empty();
      }
      String length = entry.substring(slash + 1);
      if (length.isEmpty() || length.length() > 3 || !length.chars().allMatch(Character::isDigit)) {
        return Optional.empty();
      }
      int bits = Integer.parseInt(length);
      return IpLiteral.parse(entry.substring(0, slash))
          .filter(network -> bits <= network.getAddress().length * 8)
          .map(network -> new Block(network, bits));
    }

    @Override
    public boolean covers(String host, Optional<InetAddress> address, int port) {
      return address.filter(this::contains).isPresent();
    }

    private boolean contains(InetAddress address) {
      byte[] prefix = network.getAddress();
      byte[] bytes = address.getAddress();
      if (prefix.length != bytes.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit++) {
        int mask = 0x80 >> bit % 8;
        if ((prefix[bit / 8] & mask) != (bytes[bit / 8] & mask)) {
          return false;
        }
      }
      return true;
    }
  }

  private static boolean matches(String onPort, int port) {
    return onPort.isEmpty() || onPort.equals(Integer.toString(port));
  }
}
