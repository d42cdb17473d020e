package com.circleci.runnerinit.clients.runner.proxy;

import com.circleci.runnerinit.clients.runner.url.InvalidUrlException;
import com.circleci.runnerinit.clients.runner.url.Url;
import com.circleci.runnerinit.fuzzing.Property;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Fuzz target: the proxy settings of an environment, one a line: the proxy, then NO_PROXY. */
public final class NoProxyFuzz {
  private static final String PASSWORD = "s3cr3t";

  private NoProxyFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) throws InvalidUrlException {
    String text = new String(input, StandardCharsets.UTF_8);
    int newline = text.indexOf('\n');
    String proxy = text.substring(0, Math.max(newline, 0));
    String exempt = text.substring(newline + 1);
    check(proxy, exempt);
    if (!proxy.contains(PASSWORD)) {
      Property.holds(
          !check("http://user:" + PASSWORD + "@" + proxy, exempt).contains(PASSWORD),
          "the password shows with %s",
          proxy);
    }
    Property.holds(
        new NoProxy(exempt + ",runner.circleci.com").exempts("runner.circleci.com", 443),
        "what stands before an entry changes it: %s",
        exempt);
    Property.holds(new NoProxy(exempt).exempts("127.0.0.1", 80), "this machine");
  }

  /** What is to be seen of the ways to two servers. */
  private static String check(String proxy, String exempt) throws InvalidUrlException {
    Map<String, String> environment =
        Map.of("HTTPS_PROXY", proxy, "HTTP_PROXY", proxy, "NO_PROXY", exempt);
    StringBuilder seen = new StringBuilder();
    for (String server : List.of("https://runner.circleci.com", "http://[2001:db8::1]:8080")) {
      seen.append(new ProxyRules(environment).to(Url.parse(server)));
    }
    return seen.toString();
  }
}
