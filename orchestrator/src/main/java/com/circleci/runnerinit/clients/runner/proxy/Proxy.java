package com.circleci.runnerinit.clients.runner.proxy;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.clients.runner.url.Url;
import com.circleci.runnerinit.configuration.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/** An HTTP proxy. */
public record Proxy(Url url) {
  public Proxy {
    requireNonNull(url, "url is null");
  }

  /** The value of a {@code Proxy-Authorization} header, when the proxy's URL holds credentials. */
  public Optional<Secret> authorization() {
    return url.userInfo()
        .map(userInfo -> {
          String written = userInfo.reveal();
          int colon = written.indexOf(':');
          String user = PercentEncoding.decode(colon < 0 ? written : written.substring(0, colon));
          String password = colon < 0 ? "" : PercentEncoding.decode(written.substring(colon + 1));
          byte[] credentials = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
          return new Secret("Basic " + Base64.getEncoder().encodeToString(credentials));
        });
  }
}
