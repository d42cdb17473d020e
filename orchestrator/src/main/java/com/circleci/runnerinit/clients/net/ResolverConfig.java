package com.circleci.runnerinit.clients.net;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What {@code /etc/resolv.conf} says (resolv.conf(5)), as Go reads it: a line that is wrong counts
 * for nothing, and without a server this machine is asked. Domains are rooted.
 */
record ResolverConfig(
    List<InetAddress> servers,
    List<String> search,
    int ndots,
    Duration timeout,
    int attempts,
    boolean rotate,
    boolean overTcp) {
  private static final int MAX_SERVERS = 3;
  private static final int MAX_NDOTS = 15;
  private static final int MAX_NAME = 254;
  private static final String LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";

  /**
   * @param address reads an address; empty for what is none, or can't be reached from here
   */
  static ResolverConfig parse(String content, Function<String, Optional<InetAddress>> address) {
    List<InetAddress> servers = new ArrayList<>();
    List<String> search = new ArrayList<>();
    Map<String, String> options = new HashMap<>();
    content
        .lines()
        .forEach(line -> {
          List<String> fields = fields(line);
          List<String> values = fields.subList(1, fields.size());
          switch (fields.getFirst()) {
            case "nameserver" ->
                address.apply(values.isEmpty() ? "" : values.getFirst()).ifPresent(servers::add);
            case "search" -> replace(search, values);
            case "domain" -> replace(search, values.isEmpty() ? search : values.subList(0, 1));
            case "options" ->
                values.forEach(
                    it -> options.put(it.replaceFirst(":.*", ""), it.replaceFirst("[^:]*:", "")));
            default -> {}
          }
        });
    return new ResolverConfig(
        servers.isEmpty()
            ? List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("::1"))
            : servers.subList(0, Math.min(MAX_SERVERS, servers.size())),
        search,
        Math.min(MAX_NDOTS, number(options, "ndots", 0, 1)),
        Duration.ofSeconds(number(options, "timeout", 1, 5)),
        number(options, "attempts", 1, 2),
        options.containsKey("rotate"),
        options.containsKey("use-vc")
            || options.containsKey("usevc")
            || options.containsKey("tcp"));
  }

  /** The addresses that {@code /etc/hosts} (hosts(5)) has for a host, in the order of its lines. */
  static List<InetAddress> inHosts(
      String content, String host, Function<String, Optional<InetAddress>> address) {
    return content
        .lines()
        .map(line -> fields(line.replaceFirst("#.*", "")))
        .filter(fields ->
            fields.stream().skip(1).anyMatch(it -> rooted(it).equalsIgnoreCase(rooted(host))))
        .flatMap(fields -> address.apply(fields.getFirst()).stream())
        .distinct()
        .toList();
  }

  /** One at least, which is empty in an empty line. */
  private static List<String> fields(String line) {
    return List.of(line.strip().split("[ \t\r]+", -1));
  }

  private static void replace(List<String> search, List<String> domains) {
    List<String> rooted = domains.stream().map(ResolverConfig::rooted).toList();
    search.clear();
    rooted.stream().filter(domain -> !domain.equals(".")).forEach(search::add);
  }

  /** The full names to ask for, in their order; none if the name can't be one. */
  List<String> candidates(String name) {
    if (!isDomainName(name)) {
      return List.of();
    }
    List<String> names = new ArrayList<>();
    if (!name.endsWith(".")) {
      search.forEach(domain -> names.add(name + "." + domain));
    }
    boolean first = name.chars().filter(c -> c == '.').count() >= ndots;
    names.add(first ? 0 : names.size(), rooted(name));
    // RFC 7686: an onion's name is never asked for in public.
    names.removeIf(
        full -> full.length() > MAX_NAME || full.toLowerCase(Locale.ROOT).endsWith(".onion."));
    return names;
  }

  /** Whether DNS can have the name: Go's rules, which allow for underscores. */
  private static boolean isDomainName(String name) {
    return name.length() <= MAX_NAME
        && name.matches(LABEL + "(\\." + LABEL + ")*\\.?")
        && !name.matches("[0-9.]+");
  }

  private static String rooted(String name) {
    return name.endsWith(".") ? name : name + ".";
  }

  /** An option's leading digits, or the least when there are none. */
  private static int number(Map<String, String> options, String name, int least, int otherwise) {
    String value = options.getOrDefault(name, Integer.toString(otherwise));
    String digits = value.replaceFirst("[^0-9].*", "");
    return Math.max(least, digits.length() > 6 ? 999_999 : Integer.parseInt("0" + digits));
  }
}
