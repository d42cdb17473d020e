package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.net.IpLiteral;
import com.circleci.runnerinit.configuration.Secret;
import com.circleci.runnerinit.log.EventLog;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
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

  /** An HTTP proxy. */
  record Proxy(Url url) {
    /** The value of a {@code Proxy-Authorization} header, when the URL holds credentials. */
    Optional<Secret> authorization() {
      return url.userInfo()
          .map(userInfo -> {
            String written = userInfo.reveal();
            int colon = written.indexOf(':');
            String user = decoded(colon < 0 ? written : written.substring(0, colon));
            String password = colon < 0 ? "" : decoded(written.substring(colon + 1));
            byte[] credentials = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
            return new Secret("Basic " + Base64.getEncoder().encodeToString(credentials));
          });
    }

    /** RFC 3986 §2.1; a percent sign without two hexadecimal digits stays. */
    private static String decoded(String text) {
      ByteArrayOutputStream decoded = new ByteArrayOutputStream();
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      for (int i = 0; i < bytes.length; i++) {
        int high = i + 2 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
        int low = i + 2 < bytes.length ? Character.digit(bytes[i + 2], 16) : -1;
        boolean encoded = bytes[i] == '%' && high >= 0 && low >= 0;
        decoded.write(encoded ? (high << 4) | low : bytes[i]);
        i += encoded ? 2 : 0;
      }
      return decoded.toString(StandardCharsets.UTF_8);
    }
  }

  ProxyRules(Map<String, String> environment, EventLog log) {
    this.environment = environment;
    this.log = log;
  }

  /**
   * The proxy on the way to a server, if there is to be one. A value that is no address at all is
   * ignored with one warning, as Go ignores it.
   *
   * @throws HttpClient.NoWayException if a proxy of a kind is named that is not supported
   */
  Optional<Proxy> to(Url server) throws HttpClient.NoWayException {
    String setting = server.isSecure() ? "HTTPS_PROXY" : "HTTP_PROXY";
    String written = value(setting);
    if (written.isEmpty()) {
      return Optional.empty();
    }
    Url proxy;
    try {
      proxy = Url.parse(written.contains("://") ? written : "http://" + written);
    } catch (InvalidUrlException e) {
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
      throw new HttpClient.NoWayException(
          "refusing to use HTTP_PROXY value in CGI environment; see golang.org/s/cgihttpproxy");
    }
    if (isExempt(value("NO_PROXY"), server.host(), server.port())) {
      return Optional.empty();
    }
    return switch (proxy.scheme()) {
      case "http", "https" -> Optional.of(new Proxy(proxy));
      default ->
          throw new HttpClient.NoWayException(
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

  /**
   * Whether a host is reached without a proxy: it is this machine, or on the list.
   *
   * @param list comma-separated IP addresses, CIDR blocks, domain names, any but a block with
   *     {@code :port}, or {@code *}; what is none of them is ignored
   */
  static boolean isExempt(String list, String host, int port) {
    Optional<InetAddress> address = IpLiteral.parse(host);
    if (host.equals("localhost") || address.filter(InetAddress::isLoopbackAddress).isPresent()) {
      return true;
    }
    String name = host.toLowerCase(Locale.ROOT);
    for (String entry : list.toLowerCase(Locale.ROOT).split(",", -1)) {
      if (covers(entry.strip(), name, address, port)) {
        return true;
      }
    }
    return false;
  }

  private static boolean covers(
      String entry, String name, Optional<InetAddress> address, int port) {
    int slash = entry.indexOf('/');
    Optional<InetAddress> network = IpLiteral.parse(slash < 0 ? entry : entry.substring(0, slash));
    if (slash >= 0 && network.isPresent()) {
      int bits = bits(entry.substring(slash + 1), network.get());
      if (bits >= 0) {
        return address.filter(host -> isIn(host, network.get(), bits)).isPresent();
      }
    }
    // An IPv6 address has brackets when a port follows, and only then, as in Go.
    int colon = entry.lastIndexOf(':');
    boolean bracketed = entry.startsWith("[") && colon > 0 && entry.charAt(colon - 1) == ']';
    boolean hasPort = colon >= 0 && (bracketed || entry.indexOf(':') == colon);
    if (hasPort
        && !entry.substring(colon + 1).isEmpty()
        && !entry.substring(colon + 1).equals(Integer.toString(port))) {
      return false;
    }
    String host = hasPort ? entry.substring(0, colon) : entry;
    host = bracketed ? host.substring(1, host.length() - 1) : host;
    Optional<InetAddress> exempt = IpLiteral.parse(host);
    if (exempt.isPresent()) {
      return address.equals(exempt);
    }
    if (host.isEmpty() || entry.equals("*")) {
      return !host.isEmpty();
    }
    String domain = Url.inAscii(host.startsWith("*.") ? host.substring(1) : host);
    return domain.startsWith(".")
        ? name.endsWith(domain)
        : name.equals(domain) || name.endsWith("." + domain);
  }

  /** The length of a block's prefix, or -1. */
  private static int bits(String text, InetAddress network) {
    boolean number = !text.isEmpty() && text.length() <= 3;
    if (!number || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return -1;
    }
    int bits = Integer.parseInt(text);
    return bits <= network.getAddress().length * Byte.SIZE ? bits : -1;
  }

  private static boolean isIn(InetAddress host, InetAddress network, int bits) {
    byte[] prefix = network.getAddress();
    byte[] bytes = host.getAddress();
    if (prefix.length != bytes.length) {
      return false;
    }
    for (int bit = 0; bit < bits; bit++) {
      int mask = 0x80 >> bit % Byte.SIZE;
      if ((prefix[bit / Byte.SIZE] & mask) != (bytes[bit / Byte.SIZE] & mask)) {
        return false;
      }
    }
    return true;
  }
}
