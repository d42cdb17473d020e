package com.circleci.runnerinit.testing;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A response of the health API. Header names are lower case. */
public record HttpReply(int status, Map<String, String> headers, String body) {

  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name));
  }

  /** Reads all that came until the connection ended. */
  public static HttpReply parse(String text) {
    var end = text.indexOf("\r\n\r\n");
    if (end < 0 || !text.startsWith("HTTP/1.1 ")) {
      throw new AssertionError("not an HTTP/1.1 response: '" + text + "'");
    }
    var lines = text.substring(0, end).split("\r\n", -1);
    var headers = new TreeMap<String, String>();
    for (var i = 1; i < lines.length; i++) {
      var colon = lines[i].indexOf(':');
      headers.put(
          lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
          lines[i].substring(colon + 1).strip());
    }
    return new HttpReply(
        Integer.parseInt(lines[0].substring(9, 12)), headers, text.substring(end + 4));
  }
}
