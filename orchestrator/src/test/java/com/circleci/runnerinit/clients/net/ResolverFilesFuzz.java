package com.circleci.runnerinit.clients.net;

import com.circleci.runnerinit.fuzzing.Property;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Fuzz target: a file that is read both as resolv.conf and as hosts. */
public final class ResolverFilesFuzz {
  private ResolverFilesFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.ISO_8859_1);
    ResolverConfig config = ResolverConfig.parse(text, HostPort::address);
    Property.holds(!config.servers().isEmpty() && config.servers().size() <= 3, "servers");
    Property.holds(config.ndots() >= 0 && config.ndots() <= 15, "ndots %d", config.ndots());
    Property.holds(config.attempts() > 0 && config.timeout().isPositive(), "no attempt");
    for (String name : List.of("api", "api.test", "a.b.c.test.", text)) {
      List<String> candidates = config.candidates(name);
      Property.holds(candidates.stream().allMatch(it -> it.endsWith(".")), "%s", candidates);
      Property.holds(candidates.stream().allMatch(it -> it.length() <= 254), "%s", candidates);
      Property.holds(candidates.size() <= config.search().size() + 1, "%s", candidates);
    }
    List<InetAddress> found = ResolverConfig.inHosts(text, "api.test", HostPort::address);
    Property.holds(found.stream().distinct().count() == found.size(), "%s", found);
    Property.holds(
        ResolverConfig.inHosts(text + "\n127.0.0.1 API.test\n", "api.TEST.", HostPort::address)
                .size()
            >= Math.max(1, found.size()),
        "what stands before a line changes it");
  }
}
