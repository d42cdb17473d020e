package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.runner.testing.CapturedLog;
import com.circleci.runnerinit.fuzzing.Property;
import java.net.MalformedURLException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Fuzz target: the proxy settings of an environment, one a line: the proxy, then NO_PROXY. */
public final class NoProxyFuzz {
  /** A host can't hold the bar, so none can spell this, in Punycode or in small letters either. */
  private static final String PASSWORD = "s3|cr3t";

  private NoProxyFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) throws MalformedURLException {
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
        ProxyRules.isExempt(exempt + ",runner.circleci.com", "runner.circleci.com", 443),
        "what stands before an entry changes it: %s",
        exempt);
    Property.holds(ProxyRules.isExempt(exempt, "127.0.0.1", 80), "this machine");
  }

  /** What is to be seen of the ways to two servers. */
  private static String check(String proxy, String exempt) throws MalformedURLException {
    Map<String, String> environment =
        Map.of("HTTPS_PROXY", proxy, "HTTP_PROXY", proxy, "NO_PROXY", exempt);
    StringBuilder seen = new StringBuilder();
    for (String server : List.of("https://runner.circleci.com", "http://[2001:db8::1]:8080")) {
      CapturedLog captured = new CapturedLog();
      try {
        seen.append(new ProxyRules(environment, captured.log()).to(Url.parse(server)));
      } catch (MalformedURLException e) {
        seen.append(e.getMessage());
      }
      seen.append(captured.lines());
    }
    return seen.toString();
  }
}
