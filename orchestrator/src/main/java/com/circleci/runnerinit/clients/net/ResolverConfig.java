package com.circleci.runnerinit.clients.net;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringTokenizer;

/**
 * What {@code /etc/resolv.conf} says (resolv.conf(5)), as Go reads it: a line that is wrong counts
 * for nothing, and without a server this machine is asked.
 *
 * @param servers addresses, with a zone where one was written; three at most
 * @param search rooted
 * @param attempts how often all servers are asked
 * @param rotate whether each lookup begins with another server
 */
record ResolverConfig(
    List<String> servers,
    List<String> search,
    int ndots,
    Duration timeout,
    int attempts,
    boolean rotate,
    boolean overTcp,
    boolean trustAd) {
  private static final int MAX_SERVERS = 3;
  private static final int MAX_NDOTS = 15;
  private static final int MAX_NUMBER = 0xffffff;
  private static final int MAX_NAME = 254;

  /**
   * Reads the file's content.
   *
   * @param hostName whose domain is searched when the file names none
   */
  static ResolverConfig parse(String content, String hostName) {
    List<String> servers = new ArrayList<>();
    List<String> search = new ArrayList<>();
    List<String> options = new ArrayList<>();
    for (String line : content.lines().toList()) {
      StringTokenizer fields = new StringTokenizer(line, " \t\r");
      if (line.startsWith(";") || line.startsWith("#") || !fields.hasMoreTokens()) {
        continue;
      }
      String keyword = fields.nextToken();
      List<String> values = new ArrayList<>();
      fields.asIterator().forEachRemaining(value -> values.add((String) value));
      switch (keyword) {
        case "nameserver" -> {
          if (!values.isEmpty() && servers.size() < MAX_SERVERS && isAddress(values.getFirst())) {
            servers.add(values.getFirst());
          }
        }
        case "domain", "search" -> {
          int count = keyword.equals("search") ? values.size() : Math.min(1, values.size());
          if (count > 0 || keyword.equals("search")) {
            search.clear();
          }
          values.subList(0, count).stream()
              .map(ResolverConfig::rooted)
              .filter(name -> !name.equals("."))
              .forEach(search::add);
        }
        case "options" -> options.addAll(values);
        default -> {}
      }
    }
    int dot = hostName.indexOf('.');
    if (search.isEmpty() && dot >= 0 && dot < hostName.length() - 1) {
      search.add(rooted(hostName.substring(dot + 1)));
    }
    return new ResolverConfig(
        servers.isEmpty() ? List.of("127.0.0.1", "::1") : servers,
        search,
        Math.min(MAX_NDOTS, number(options, "ndots:", 0, 1)),
        Duration.ofSeconds(number(options, "timeout:", 1, 5)),
        number(options, "attempts:", 1, 2),
        options.contains("rotate"),
        options.contains("use-vc") || options.contains("usevc") || options.contains("tcp"),
        options.contains("trust-ad"));
  }

  /** The full names to ask for, in their order; none if the name can't be one. */
  List<String> candidates(String name) {
    if (!isDomainName(name)) {
      return List.of();
    }
    List<String> names = new ArrayList<>();
    if (name.endsWith(".")) {
      names.add(name);
    } else {
      search.forEach(domain -> names.add(name + "." + domain));
      boolean first = name.chars().filter(c -> c == '.').count() >= ndots;
      names.add(first ? 0 : names.size(), name + ".");
    }
    // RFC 7686: an onion's name is never asked for in public.
    names.removeIf(
        full -> full.length() > MAX_NAME || full.toLowerCase(Locale.ROOT).endsWith(".onion."));
    return names;
  }

  /** Whether DNS can have the name: Go's rules, which allow for underscores. */
  private static boolean isDomainName(String name) {
    if (name.isEmpty() || name.length() > MAX_NAME) {
      return false;
    }
    boolean other = false;
    String whole = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    if (whole.isEmpty()) {
      return true;
    }
    for (String label : whole.split("\\.", -1)) {
      boolean fits =
          !label.isEmpty() && label.length() < 64 && !label.startsWith("-") && !label.endsWith("-");
      if (!fits || !label.chars().allMatch(ResolverConfig::isOfName)) {
        return false;
      }
      other |= label.chars().anyMatch(c -> c < '0' || c > '9');
    }
    return other;
  }

  private static boolean isOfName(int c) {
    return c < 0x7f && (Character.isLetterOrDigit(c) || c == '-' || c == '_');
  }

  private static boolean isAddress(String text) {
    int zone = text.indexOf('%');
    boolean v6 = text.indexOf(':') >= 0 && zone != text.length() - 1;
    return IpLiteral.parse(zone > 0 && v6 ? text.substring(0, zone) : text).isPresent();
  }

  private static String rooted(String name) {
    return name.endsWith(".") ? name : name + ".";
  }

  /** What the last option of a name says: its leading digits, or the least when there are none. */
  private static int number(List<String> options, String prefix, int least, int otherwise) {
    int number = otherwise;
    for (String option : options) {
      if (option.startsWith(prefix)) {
        number = 0;
        for (int i = prefix.length(); i < option.length(); i++) {
          int digit = option.charAt(i) - '0';
          if (digit < 0 || digit > 9) {
            break;
          }
          number = Math.min(MAX_NUMBER, number * 10 + digit);
        }
        number = Math.max(least, number);
      }
    }
    return number;
  }
}
