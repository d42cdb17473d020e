package com.circleci.runnerinit.clients.runner.url;

/**
 * A host and a port in one text.
 *
 * @param host without brackets
 * @param port digits, or empty
 */
record HostAndPort(String host, String port) {

  /** Takes {@code host}, {@code host:port}, {@code [IPv6]} or {@code [IPv6]:port} apart. */
  static HostAndPort parse(String text) throws InvalidUrlException {
    int portColon = text.lastIndexOf(':');
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      if (end < 0 || !(end == text.length() - 1 || portColon == end + 1)) {
        throw new InvalidUrlException("its brackets don't enclose an IPv6 address");
      }
      String host = text.substring(1, end);
      if (IpLiteral.parse(host).isEmpty() || host.indexOf(':') < 0) {
        throw new InvalidUrlException("its brackets don't enclose an IPv6 address");
      }
      return new HostAndPort(host, portColon > end ? text.substring(portColon + 1) : "");
    }
    if (portColon < 0) {
      return new HostAndPort(text, "");
    }
    if (text.indexOf(':') != portColon) {
      throw new InvalidUrlException("its IPv6 address needs brackets around it");
    }
    return new HostAndPort(text.substring(0, portColon), text.substring(portColon + 1));
  }

  String written() {
    String bracketed = host.indexOf(':') < 0 ? host : "[" + host + "]";
    return port.isEmpty() ? bracketed : bracketed + ":" + port;
  }
}
