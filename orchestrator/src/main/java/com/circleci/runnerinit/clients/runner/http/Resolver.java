package com.circleci.runnerinit.clients.runner.http;

import com.circleci.runnerinit.clients.runner.url.IpLiteral;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.Security;
import java.util.List;
import java.util.Optional;

/** Finds the addresses of a host. */
@FunctionalInterface
public interface Resolver {
  /** All addresses of a name; of an address literal, that one. */
  List<InetAddress> lookup(String host) throws UnknownHostException;

  /** Asks the system. */
  static Resolver system() {
    return host -> {
      // The JDK remembers a failed lookup for ten seconds, which would fail every retry.
      Security.setProperty("networkaddress.cache.negative.ttl", "0");
      Optional<InetAddress> literal = IpLiteral.parse(host);
      return literal.isPresent() ? List.of(literal.get()) : List.of(InetAddress.getAllByName(host));
    };
  }
}
