package com.circleci.runnerinit.clients.runner.proxy;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.clients.runner.url.InvalidUrlException;
import com.circleci.runnerinit.clients.runner.url.Url;
import java.util.Locale;
import java.util.Map;

/**
 * The proxy settings of an environment: {@code HTTPS_PROXY}, {@code HTTP_PROXY} and {@code
 * NO_PROXY}, or their lower-case forms.
 */
public final class ProxyRules {
  private final Map<String, String> environment;

  public ProxyRules(Map<String, String> environment) {
    this.environment = requireNonNull(environment, "environment is null");
  }

  /**
   * Finds the way to a server. A value that is no address at all is ignored, as Go ignores it; one
   * that names a proxy of a kind that is not supported bars the way.
   */
  public Passage to(Url server) {
    String setting = server.isSecure() ? "HTTPS_PROXY" : "HTTP_PROXY";
    String written = value(setting);
    if (written.isEmpty()) {
      return new Passage.Direct();
    }
    Url proxy;
    try {
      proxy = Url.parse(written.contains("://") ? written : "http://" + written);
    } catch (InvalidUrlException e) {
      return new Passage.DirectWithWarning(
          setting + " is ignored: it is not a proxy's URL: " + e.getMessage());
    }
    // A CGI server puts a request's Proxy header into HTTP_PROXY: https://golang.org/s/cgihttpproxy
    if (!server.isSecure() && !environment.getOrDefault("REQUEST_METHOD", "").isEmpty()) {
      return new Passage.Barred(
          "refusing to use HTTP_PROXY value in CGI environment; see golang.org/s/cgihttpproxy");
    }
    if (new NoProxy(value("NO_PROXY")).exempts(server.host(), server.port())) {
      return new Passage.Direct();
    }
    return switch (proxy.scheme()) {
      case "http", "https" -> new Passage.Through(new Proxy(proxy));
      default ->
          new Passage.Barred(
              setting
                  + " names a proxy of the kind "
                  + proxy.scheme()
                  + ", which is not supported: use an http:// or https:// one");
    };
  }

  private String value(String name) {
    String upper = environment.getOrDefault(name, "");
    return upper.isEmpty() ? environment.getOrDefault(name.toLowerCase(Locale.ROOT), "") : upper;
  }
}
