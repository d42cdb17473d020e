package com.circleci.runnerinit.clients.net;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringTokenizer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code /etc/hosts} (hosts(5)) as Go does: lines of any length, and all that name a host.
 */
final class HostsFile {
  private HostsFile() {}

  /**
   * The addresses of a host, in the order of their lines.
   *
   * @param toAddress null for what is none; its line is skipped
   */
  static List<InetAddress> lookup(
      String content, String host, Function<String, @Nullable InetAddress> toAddress) {
    String wanted = rooted(host);
    List<InetAddress> found = new ArrayList<>();
    content
        .lines()
        .forEach(line -> {
          int comment = line.indexOf('#');
          StringTokenizer fields =
              new StringTokenizer(comment < 0 ? line : line.substring(0, comment), " \t\r");
          String address = fields.hasMoreTokens() ? fields.nextToken() : "";
          while (fields.hasMoreTokens()) {
            if (rooted(fields.nextToken()).equals(wanted)) {
              @Nullable InetAddress parsed = toAddress.apply(address);
              if (parsed != null && !found.contains(parsed)) {
                found.add(parsed);
              }
            }
          }
        });
    return found;
  }

  private static String rooted(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".") ? lower : lower + ".";
  }
}
