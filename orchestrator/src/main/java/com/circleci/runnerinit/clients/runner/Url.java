package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.net.HostPort;
import com.circleci.runnerinit.configuration.Secret;
import java.net.IDN;
import java.net.MalformedURLException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.core5.net.PercentCodec;

/**
 * An absolute URL without query or fragment. Host names may hold what DNS holds in practice, such
 * as the underscores that {@link java.net.URI} refuses.
 *
 * @param userInfo what stands before the at sign, still percent-encoded
 * @param authority the host and, when it was given, the port, as in a {@code Host} header
 */
record Url(
    String scheme,
    Optional<Secret> userInfo,
    String host,
    int port,
    String authority,
    String path) {
  private static final Pattern FORM =
      Pattern.compile(
          "(?<scheme>[a-zA-Z][a-zA-Z0-9+.-]*)://((?<user>[!-~&&[^/?#]]*)@)?"
              + "(\\[(?<address>[0-9a-fA-F.]*:[0-9a-fA-F:.]*)\\]|(?<name>[^\\]\"#%/:<>?@\\[\\\\^`{|}]+))"
              + "(:(?<port>[0-9]*))?(?<path>/[!-~&&[^?#]]*)?");

  /** Takes a URL apart; an exception never shows the text, which may hold a password. */
  static Url parse(String text) throws MalformedURLException {
    if (text.chars().anyMatch(c -> c <= ' ' || c == 0x7f)) {
      throw new MalformedURLException(
          "it holds a space, a line break or another control character");
    }
    Matcher form = FORM.matcher(text);
    if (!form.matches()
        || group(form, "address").filter(it -> HostPort.address(it).isEmpty()).isPresent()) {
      throw new MalformedURLException("it is not of the form https://HOST[:PORT][/PATH]");
    }
    String scheme = group(form, "scheme").orElseThrow().toLowerCase(Locale.ROOT);
    String host =
        group(form, "address")
            .or(() -> inAscii(form.group("name")))
            .orElseThrow(
                () -> new MalformedURLException("its host is no name, unless in Punycode (xn--…)"));
    String number = group(form, "port").orElse("");
    int port =
        switch (number.isEmpty() ? scheme : "") {
          case "https" -> 443;
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
        new HostPort(host, number).toString(),
        group(form, "path").orElse(""));
  }

  private static Optional<String> group(Matcher form, String name) {
    return Optional.ofNullable(form.group(name));
  }

  boolean isSecure() {
    return scheme.equals("https");
  }

  String address() {
    return new HostPort(host, "" + port).toString();
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

  /** A host's name as DNS has it, with international labels in Punycode, if it can be one. */
  static Optional<String> inAscii(String host) {
    if (host.chars().allMatch(c -> c < 0x80)) {
      return Optional.of(host);
    }
    // By the rules of 2003, which are the JDK's, these stand for others: it would be another host.
    if (host.chars().anyMatch(c -> "\u00df\u1e9e\u03c2\u200c\u200d".indexOf(c) >= 0)) {
      return Optional.empty();
    }
    try {
      int rules = IDN.ALLOW_UNASSIGNED | IDN.USE_STD3_ASCII_RULES;
      return Optional.of(IDN.toASCII(host, rules).toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
