package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.net.HostPort;
import com.circleci.runnerinit.log.EventLog;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.MalformedURLException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The proxy settings of an environment: {@code HTTPS_PROXY}, {@code HTTP_PROXY} and {@code
 * NO_PROXY}, or their lower-case forms, by the rules of Go's {@code
 * golang.org/x/net/http/httpproxy}.
 */
final class ProxyRules {
  private final Map<String, String> environment;
  private final EventLog log;
  private boolean warned;

  ProxyRules(Map<String, String> environment, EventLog log) {
    this.environment = environment;
    this.log = log;
  }

  /**
   * The HTTP proxy on the way to a server, if there is to be one. A value that is no address at all
   * is ignored with one warning, as Go ignores it.
   *
   * @throws MalformedURLException if it is not to be used, or if a proxy of a kind is named that is
   *     not supported
   */
  Optional<Url> to(Url server) throws MalformedURLException {
    String setting = server.isSecure() ? "HTTPS_PROXY" : "HTTP_PROXY";
    String written = value(setting);
    if (written.isEmpty()) {
      return Optional.empty();
    }
    Url proxy;
    try {
      proxy = Url.parse(written.contains("://") ? written : "http://" + written);
    } catch (MalformedURLException e) {
      if (!warned) {
        warned = true;
        log.event("runner API: proxy")
            .warning(setting + " is ignored: it is not a proxy's URL: " + e.getMessage())
            .write();
      }
      return Optional.empty();
    }
    // A CGI server puts a request's Proxy header into HTTP_PROXY: https://golang.org/s/cgihttpproxy
    if (!server.isSecure() && !environment.getOrDefault("REQUEST_METHOD", "").isEmpty()) {
      throw new MalformedURLException(
          "refusing to use HTTP_PROXY value in CGI environment; see golang.org/s/cgihttpproxy");
    }
    if (isExempt(value("NO_PROXY"), server.host(), server.port())) {
      return Optional.empty();
    }
    if (!proxy.isSecure() && !proxy.scheme().equals("http")) {
      String kind = setting + " names a proxy of the kind " + proxy.scheme();
      throw new MalformedURLException(
          kind + ", which is not supported: use an http:// or https:// one");
    }
    return Optional.of(proxy);
  }

  private String value(String name) {
    String upper = environment.getOrDefault(name, "");
    return upper.isEmpty() ? environment.getOrDefault(name.toLowerCase(Locale.ROOT), "") : upper;
  }

  /**
   * Whether a host is reached without a proxy: it is this machine, or on the list.
   *
   * @param list comma-separated IP addresses, CIDR blocks, domain names, any but a block with
   *     {@code :port}, or {@code *}; what is none of them is ignored
   */
  static boolean isExempt(String list, String host, int port) {
    Optional<InetAddress> address = HostPort.address(host);
    if (host.equals("localhost") || address.filter(InetAddress::isLoopbackAddress).isPresent()) {
      return true;
    }
    String name = host.toLowerCase(Locale.ROOT);
    return Arrays.stream(list.toLowerCase(Locale.ROOT).split(",", -1))
        .anyMatch(entry -> covers(entry.strip(), name, address, port));
  }

  private static boolean covers(
      String entry, String name, Optional<InetAddress> address, int port) {
    int slash = entry.indexOf('/');
    Optional<InetAddress> network = HostPort.address(slash < 0 ? "" : entry.substring(0, slash));
    String length = entry.substring(slash + 1);
    if (network.isPresent() && length.matches("[0-9]{1,3}")) {
      return address.filter(it -> isIn(it, network.get(), Integer.parseInt(length))).isPresent();
    }
    // An IPv6 address has brackets when a port follows, and only then, as in Go.
    HostPort parts = HostPort.split(entry);
    String host = parts.host();
    if (!parts.port().isEmpty() && !parts.port().equals("" + port)) {
      return false;
    }
    Optional<InetAddress> exempt = HostPort.address(host);
    if (exempt.isPresent()) {
      return address.equals(exempt);
    }
    String parent = host.replaceFirst("^\\*?\\.", "");
    String domain = Url.inAscii(parent).orElse("");
    boolean isName = parent.equals(host) && name.equals(domain);
    return entry.equals("*") || isName || (!domain.isEmpty() && name.endsWith("." + domain));
  }

  private static boolean isIn(InetAddress host, InetAddress network, int prefixBits) {
    byte[] prefix = network.getAddress();
    byte[] bytes = host.getAddress();
    int rest = prefix.length * Byte.SIZE - prefixBits;
    return bytes.length == prefix.length
        && rest >= 0
        && new BigInteger(1, bytes).xor(new BigInteger(1, prefix)).shiftRight(rest).signum() == 0;
  }
}
