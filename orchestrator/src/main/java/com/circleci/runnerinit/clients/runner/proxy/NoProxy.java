package com.circleci.runnerinit.clients.runner.proxy;

import com.circleci.runnerinit.clients.runner.url.IpLiteral;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The hosts that are reached without a proxy: those of {@code NO_PROXY}, and this machine. */
final class NoProxy {
  private final List<Exemption> exemptions = new ArrayList<>();

  /**
   * @param list comma-separated IP addresses, CIDR blocks, domain names, any but a block with
   *     {@code :port}, or {@code *}; what is none of them is ignored
   */
  NoProxy(String list) {
    for (String entry : list.toLowerCase(Locale.ROOT).split(",", -1)) {
      Exemption.parse(entry.strip()).ifPresent(exemptions::add);
    }
  }

  boolean exempts(String host, int port) {
    Optional<InetAddress> address = IpLiteral.parse(host);
    if (host.equals("localhost") || address.filter(InetAddress::isLoopbackAddress).isPresent()) {
      return true;
    }
    String name = host.toLowerCase(Locale.ROOT);
    return exemptions.stream().anyMatch(exemption -> exemption.covers(name, address, port));
  }
}
