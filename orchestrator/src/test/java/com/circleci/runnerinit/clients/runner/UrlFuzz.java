package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.fuzzing.Property;
import java.net.MalformedURLException;
import java.nio.charset.StandardCharsets;

/** Fuzz target: URLs of the runner API and of proxies, there and back. */
public final class UrlFuzz {
  private UrlFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) throws MalformedURLException {
    String text = new String(input, StandardCharsets.UTF_8);
    Url url;
    try {
      url = Url.parse(text);
    } catch (MalformedURLException e) {
      Property.holds(String.valueOf(e.getMessage()).startsWith("it"), "%s", e);
      return;
    }
    Property.holds(!url.host().isEmpty(), "no host");
    Property.holds(url.port() > 0 && url.port() <= 0xffff, "port %d", url.port());
    Property.holds(url.path().isEmpty() || url.path().startsWith("/"), "path %s", url.path());
    Property.holds(
        (url.authority() + url.path()).chars().allMatch(c -> c > ' ' && c < 0x7f), "in a request");
    String userInfo = url.userInfo().map(secret -> secret.reveal() + "@").orElse("");
    Url again = Url.parse(url.scheme() + "://" + userInfo + url.authority() + url.path());
    Property.holds(again.equals(url), "%s became %s", url, again);
    Url byAddress = Url.parse(url.scheme() + "://" + url.address());
    Property.holds(
        byAddress.host().equals(url.host()) && byAddress.port() == url.port(), "%s", byAddress);
  }
}
