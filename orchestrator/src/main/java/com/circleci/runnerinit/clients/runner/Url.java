package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.net.IpLiteral;
import com.circleci.runnerinit.configuration.Secret;
import java.util.Arrays;
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
record Url(
    String scheme,
    Optional<Secret> userInfo,
    String host,
    int port,
    String authority,
    String path) {
  private static final String NOT_IN_A_HOST = "\"#%/:<>?@[\\]^`{|}";

  /**
   * Takes a URL apart.
   *
   * @throws InvalidUrlException if it has no scheme or host, has a query or a fragment, or holds
   *     characters that can't stand in a request
   */
  static Url parse(String text) throws InvalidUrlException {
    int schemeEnd = text.indexOf("://");
    if (schemeEnd <= 0 || !isScheme(text.substring(0, schemeEnd))) {
      throw new InvalidUrlException("it has no scheme such as https://");
    }
    String scheme = text.substring(0, schemeEnd).toLowerCase(Locale.ROOT);
    String rest = text.substring(schemeEnd + 3);
    if (rest.indexOf('?') >= 0 || rest.indexOf('#') >= 0) {
      throw new InvalidUrlException("it has a query or a fragment");
    }
    int pathBegin = rest.indexOf('/');
    String authority = pathBegin < 0 ? rest : rest.substring(0, pathBegin);
    String path = pathBegin < 0 ? "" : rest.substring(pathBegin);

    int at = authority.lastIndexOf('@');
    Optional<Secret> userInfo =
        at < 0 ? Optional.empty() : Optional.of(new Secret(authority.substring(0, at)));
    String place = inAscii(authority.substring(at + 1));
    if (!(authority.substring(0, at + 1) + place + path)
        .chars()
        .allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new InvalidUrlException(
          "it holds a space, a control character or one outside of ASCII");
    }
    int portColon = portColon(place);
    String host = portColon < 0 ? place : place.substring(0, portColon);
    host = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    checkHost(host);
    String number = portColon < 0 ? "" : place.substring(portColon + 1);
    int port = number.isEmpty() ? defaultPort(scheme) : portNumber(number);
    String written = bracketed(host) + (number.isEmpty() ? "" : ":" + number);
    return new Url(scheme, userInfo, host, port, written, path);
  }

  /** Where the port begins in {@code host:port} or {@code [IPv6]:port}; -1 if there is none. */
  private static int portColon(String text) throws InvalidUrlException {
    int colon = text.lastIndexOf(':');
    if (!text.startsWith("[")) {
      if (text.indexOf(':') != colon) {
        throw new InvalidUrlException("its IPv6 address needs brackets around it");
      }
      return colon;
    }
    int end = text.indexOf(']');
    boolean whole = end > 0 && (end == text.length() - 1 || colon == end + 1);
    String host = whole ? text.substring(1, end) : "";
    if (IpLiteral.parse(host).isEmpty() || host.indexOf(':') < 0) {
      throw new InvalidUrlException("its brackets don't enclose an IPv6 address");
    }
    return colon > end ? colon : -1;
  }

  private static String bracketed(String host) {
    return host.indexOf(':') < 0 ? host : "[" + host + "]";
  }

  boolean isSecure() {
    return scheme.equals("https");
  }

  /** The host and the port, as Go's {@code net.JoinHostPort} writes them. */
  String address() {
    return bracketed(host) + ":" + port;
  }

  /** The path of something below this URL's own path. */
  String under(String route) {
    String base = path;
    while (base.endsWith("/")) {
      base = base.substring(0, base.length() - 1);
    }
    return base + route;
  }

  /** A host's name as DNS has it: its international labels in Punycode (RFC 3492, RFC 5891). */
  static String inAscii(String host) {
    if (host.chars().allMatch(c -> c < 0x80)) {
      return host;
    }
    StringBuilder ascii = new StringBuilder();
    // The full stops of other scripts count as such (UTS 46).
    for (String label : host.toLowerCase(Locale.ROOT).split("[.\u3002\uff0e\uff61]", -1)) {
      ascii.append(ascii.isEmpty() ? "" : ".");
      boolean plain = label.chars().allMatch(c -> c < 0x80);
      ascii.append(plain ? label : "xn--" + punycode(label.codePoints().toArray()));
    }
    return ascii.toString();
  }

  private static String punycode(int[] label) {
    StringBuilder code = new StringBuilder();
    Arrays.stream(label).filter(c -> c < 0x80).forEach(c -> code.append((char) c));
    int basic = code.length();
    if (basic > 0) {
      code.append('-');
    }
    int delta = 0;
    int bias = 72;
    int handled = basic;
    for (int n = 0x80; handled < label.length; n++) {
      int from = n;
      int next = Arrays.stream(label).filter(c -> c >= from).min().orElseThrow();
      delta += (next - n) * (handled + 1);
      n = next;
      for (int c : label) {
        if (c < n) {
          delta++;
        } else if (c == n) {
          int rest = delta;
          for (int k = 36; ; k += 36) {
            int threshold = Math.clamp(k - bias, 1, 26);
            if (rest < threshold) {
              break;
            }
            code.append(digit(threshold + (rest - threshold) % (36 - threshold)));
            rest = (rest - threshold) / (36 - threshold);
          }
          code.append(digit(rest));
          bias = bias(delta, handled + 1, handled == basic);
          delta = 0;
          handled++;
        }
      }
      delta++;
    }
    return code.toString();
  }

  private static int bias(int delta, int handled, boolean first) {
    int left = delta / (first ? 700 : 2);
    left += left / handled;
    int k = 0;
    while (left > 455) {
      left /= 35;
      k += 36;
    }
    return k + 36 * left / (left + 38);
  }

  private static char digit(int value) {
    return (char) (value < 26 ? 'a' + value : '0' + value - 26);
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
