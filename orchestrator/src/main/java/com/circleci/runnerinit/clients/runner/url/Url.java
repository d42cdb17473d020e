package com.circleci.runnerinit.clients.runner.url;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.configuration.Secret;
import java.util.Locale;
import java.util.Optional;

/**
 * An absolute URL without query or fragment. Host names may hold what DNS holds in practice, such
 * as the underscores that {@link java.net.URI} refuses.
 *
 * @param scheme in lower case
 * @param userInfo what stands before the at sign, still percent-encoded
 * @param host a name or an address literal, without brackets
 * @param authority the host and, when it was given, the port, as in a {@code Host} header
 * @param path empty, or begins with a slash
 */
public record Url(
    String scheme,
    Optional<Secret> userInfo,
    String host,
    int port,
    String authority,
    String path) {
  private static final String NOT_IN_A_HOST = "\"#%/:<>?@[\\]^`{|}";

  public Url {
    requireNonNull(scheme, "scheme is null");
    requireNonNull(userInfo, "userInfo is null");
    requireNonNull(host, "host is null");
    requireNonNull(authority, "authority is null");
    requireNonNull(path, "path is null");
  }

  /**
   * Takes a URL apart.
   *
   * @throws InvalidUrlException if it has no scheme or host, has a query or a fragment, or holds
   *     characters that can't stand in a request
   */
  public static Url parse(String text) throws InvalidUrlException {
    int schemeEnd = text.indexOf("://");
    if (schemeEnd <= 0 || !isScheme(text.substring(0, schemeEnd))) {
      throw new InvalidUrlException("it has no scheme such as https://");
    }
    String scheme = text.substring(0, schemeEnd).toLowerCase(Locale.ROOT);
    String rest = text.substring(schemeEnd + 3);
    if (rest.indexOf('?') >= 0 || rest.indexOf('#') >= 0) {
      throw new InvalidUrlException("it has a query or a fragment");
    }
    if (!rest.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new InvalidUrlException(
          "it holds a space, a control character or one outside of ASCII");
    }
    int pathBegin = rest.indexOf('/');
    String authority = pathBegin < 0 ? rest : rest.substring(0, pathBegin);
    String path = pathBegin < 0 ? "" : rest.substring(pathBegin);

    int at = authority.lastIndexOf('@');
    Optional<Secret> userInfo =
        at < 0 ? Optional.empty() : Optional.of(new Secret(authority.substring(0, at)));
    HostAndPort place = HostAndPort.parse(authority.substring(at + 1));
    checkHost(place.host());
    int port = place.port().isEmpty() ? defaultPort(scheme) : portNumber(place.port());
    return new Url(scheme, userInfo, place.host(), port, place.written(), path);
  }

  public boolean isSecure() {
    return scheme.equals("https");
  }

  /** The host and the port, as Go's {@code net.JoinHostPort} writes them. */
  public String address() {
    return new HostAndPort(host, Integer.toString(port)).written();
  }

  private static boolean isScheme(String text) {
    return Character.isLetter(text.charAt(0))
        && text.chars()
            .allMatch(c -> c < 0x7f && (Character.isLetterOrDigit(c) || "+-.".indexOf(c) >= 0));
  }

  private static void checkHost(String host) throws InvalidUrlException {
    if (host.isEmpty()) {
      throw new InvalidUrlException("it has no host");
    }
    if (host.indexOf(':') >= 0 && IpLiteral.parse(host).isEmpty()) {
      throw new InvalidUrlException("its host is not an IPv6 address");
    }
    if (host.indexOf(':') < 0 && host.chars().anyMatch(c -> NOT_IN_A_HOST.indexOf(c) >= 0)) {
      throw new InvalidUrlException("its host holds a character that no host name has");
    }
  }

  private static int portNumber(String text) throws InvalidUrlException {
    if (text.length() <= 5 && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      int port = Integer.parseInt(text);
      if (port > 0 && port <= 0xffff) {
        return port;
      }
    }
    throw new InvalidUrlException("its port is not a number from 1 to 65535");
  }

  private static int defaultPort(String scheme) {
    return switch (scheme) {
      case "https" -> 443;
      case "socks5" -> 1080;
      default -> 80;
    };
  }
}
