package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.net.IpLiteral;
import com.circleci.runnerinit.configuration.Secret;
import java.net.MalformedURLException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hc.core5.net.PercentCodec;

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
  private static final String PUNYCODE_DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789";
  private static final Pattern FORM =
      Pattern.compile(
          "(?<scheme>[a-zA-Z][a-zA-Z0-9+.-]*)://((?<user>[!-~&&[^/?#]]*)@)?"
              + "(\\[(?<address>[0-9a-fA-F.]*:[0-9a-fA-F:.]*)\\]|(?<name>[^\\]\"#%/:<>?@\\[\\\\^`{|}]+))"
              + "(:(?<port>[0-9]*))?(?<path>/[!-~&&[^?#]]*)?");

  /**
   * Takes a URL apart.
   *
   * @throws MalformedURLException which never shows the text: that may hold a password
   */
  static Url parse(String text) throws MalformedURLException {
    if (text.chars().anyMatch(c -> c <= ' ' || c == 0x7f)) {
      throw new MalformedURLException(
          "it holds a space, a line break or another control character");
    }
    Matcher form = FORM.matcher(text);
    if (!form.matches()
        || group(form, "address").filter(it -> IpLiteral.parse(it).isEmpty()).isPresent()) {
      throw new MalformedURLException("it is not of the form https://HOST[:PORT][/PATH]");
    }
    String scheme = group(form, "scheme").orElseThrow().toLowerCase(Locale.ROOT);
    String host = group(form, "address").orElseGet(() -> inAscii(form.group("name")));
    String number = group(form, "port").orElse("");
    int port =
        switch (number.isEmpty() ? scheme : "") {
          case "https" -> 443;
          case "socks5" -> 1080;
          case "" -> number.length() > 5 ? 0 : Integer.parseInt(number);
          default -> 80;
        };
    if (port <= 0 || port > 0xffff) {
      throw new MalformedURLException("its port is not a number from 1 to 65535");
    }
    return new Url(
        scheme,
        group(form, "user").map(Secret::new),
        host,
        port,
        IpLiteral.bracketed(host) + (number.isEmpty() ? "" : ":" + number),
        group(form, "path").orElse(""));
  }

  private static Optional<String> group(Matcher form, String name) {
    return Optional.ofNullable(form.group(name));
  }

  boolean isSecure() {
    return scheme.equals("https");
  }

  /** The host and the port, as Go's {@code net.JoinHostPort} writes them. */
  String address() {
    return IpLiteral.bracketed(host) + ":" + port;
  }

  /** The path of something below this URL's own path. */
  String under(String route) {
    return path.replaceFirst("/+$", "") + route;
  }

  /** What a header needs to show the URL's credentials (RFC 7617), if it has any. */
  Optional<Secret> basicAuthorization() {
    return userInfo.map(info -> {
      String written = info.reveal() + (info.reveal().indexOf(':') < 0 ? ":" : "");
      String credentials = PercentCodec.decode(written, StandardCharsets.UTF_8);
      byte[] bytes = credentials.getBytes(StandardCharsets.UTF_8);
      return new Secret("Basic " + Base64.getEncoder().encodeToString(bytes));
    });
  }

  /** A host's name as DNS has it: its international labels in Punycode (RFC 3492, RFC 5891). */
  static String inAscii(String host) {
    if (isAscii(host)) {
      return host;
    }
    // The full stops of other scripts count as such (UTS 46).
    return Arrays.stream(host.toLowerCase(Locale.ROOT).split("[.\u3002\uff0e\uff61]", -1))
        .map(label -> isAscii(label) ? label : "xn--" + punycode(label.codePoints().toArray()))
        .collect(Collectors.joining("."));
  }

  private static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < 0x80);
  }

  private static String punycode(int[] label) {
    StringBuilder code = new StringBuilder();
    Arrays.stream(label).filter(c -> c < 0x80).forEach(code::appendCodePoint);
    int basic = code.length();
    code.append(basic > 0 ? "-" : "");
    long delta = 0;
    int bias = 72;
    int handled = basic;
    int n = 0x80;
    while (handled < label.length) {
      int from = n;
      n = Arrays.stream(label).filter(c -> c >= from).min().orElseThrow();
      delta += (n - from) * (handled + 1L);
      for (int c : label) {
        if (c < n) {
          delta++;
        } else if (c == n) {
          long rest = delta;
          int k = 36;
          int threshold = Math.clamp(k - bias, 1, 26);
          while (rest >= threshold) {
            int base = 36 - threshold;
            code.append(PUNYCODE_DIGITS.charAt((int) (threshold + (rest - threshold) % base)));
            rest = (rest - threshold) / base;
            k += 36;
            threshold = Math.clamp(k - bias, 1, 26);
          }
          code.append(PUNYCODE_DIGITS.charAt((int) rest));
          bias = bias(delta, handled + 1, handled == basic);
          delta = 0;
          handled++;
        }
      }
      delta++;
      n++;
    }
    return code.toString();
  }

  private static int bias(long delta, int handled, boolean first) {
    long left = delta / (first ? 700 : 2);
    left += left / handled;
    int k = 0;
    while (left > 455) {
      left /= 35;
      k += 36;
    }
    return (int) (k + 36 * left / (left + 38));
  }
}
