package com.circleci.runnerinit.health;

/**
 * Where to listen.
 *
 * @param host a host name or an address without brackets; empty for every address of the machine
 * @param port 0 to 65535; 0 lets the kernel choose
 */
public record ListenAddress(String host, int port) {
  private static final int MAX_PORT = 65535;

  public ListenAddress {
    if (port < 0 || port > MAX_PORT) {
      throw new IllegalArgumentException("port " + port + " is not between 0 and " + MAX_PORT);
    }
  }

  /**
   * Reads {@code host:port}, {@code :port} or {@code [IPv6]:port}.
   *
   * @throws IllegalArgumentException whose message names the value and the expected form
   */
  public static ListenAddress parse(String value) {
    int colon = value.lastIndexOf(':');
    if (colon < 0) {
      throw invalid(value, "it has no port");
    }
    return new ListenAddress(host(value, colon), port(value, colon));
  }

  private static String host(String value, int colon) {
    String host = value.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]") && host.length() > 2;
    if (bracketed) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      throw invalid(value, "an IPv6 address needs brackets");
    }
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      if (c <= ' ' || c > '~' || c == '[' || c == ']' || c == '/') {
        throw invalid(value, "its host is malformed");
      }
    }
    return host;
  }

  private static int port(String value, int colon) {
    int port = 0;
    for (int i = colon + 1; i < value.length(); i++) {
      int digit = value.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        throw invalid(value, "its port is not a number");
      }
      port = port * 10 + digit;
      if (port > MAX_PORT) {
        throw invalid(value, "its port is above " + MAX_PORT);
      }
    }
    if (colon + 1 == value.length()) {
      throw invalid(value, "it has no port");
    }
    return port;
  }

  private static IllegalArgumentException invalid(String value, String reason) {
    return new IllegalArgumentException(
        "invalid address \""
            + value
            + "\": "
            + reason
            + "; expected host:port, :port or [IPv6]:port, such as :7623 or localhost:7623");
  }

  /** The form that {@link #parse} reads. */
  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
