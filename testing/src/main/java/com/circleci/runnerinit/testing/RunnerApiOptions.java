package com.circleci.runnerinit.testing;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/** Where and how a fake runner API listens; port 0 is any free one, no token is any token. */
public record RunnerApiOptions(
    InetAddress address,
    int port,
    Optional<String> token,
    Optional<SSLContext> tls,
    List<String> protocols) {

  public static RunnerApiOptions plain() {
    return new RunnerApiOptions(
        InetAddress.ofLiteral("127.0.0.1"), 0, Optional.empty(), Optional.empty(), List.of());
  }

  public RunnerApiOptions onIpv6() {
    return on(InetAddress.ofLiteral("::1"));
  }

  RunnerApiOptions on(InetAddress other) {
    return new RunnerApiOptions(other, port, token, tls, protocols);
  }

  public RunnerApiOptions onPort(int number) {
    return new RunnerApiOptions(address, number, token, tls, protocols);
  }

  public RunnerApiOptions forToken(String secret) {
    return new RunnerApiOptions(address, port, Optional.of(secret), tls, protocols);
  }

  /** Over TLS, in these versions, or in all that the JDK has. */
  public RunnerApiOptions overTls(SSLContext context, String... versions) {
    return new RunnerApiOptions(address, port, token, Optional.of(context), List.of(versions));
  }
}
