package com.circleci.runnerinit.clients.runner.http;

import com.circleci.runnerinit.clients.runner.trust.UntrustedServerException;
import com.circleci.runnerinit.clients.runner.url.IpLiteral;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Says what went wrong in the words of Go's net packages, which operators know from the Go GOAT.
 */
final class Reasons {
  private Reasons() {}

  /** The words of Go for a failed system call. The JDK's own depend on the libc below it. */
  static String system(Throwable e) {
    String message = String.valueOf(e.getMessage());
    String text = message.toLowerCase(Locale.ROOT);
    if (e instanceof NoRouteToHostException || text.contains("host is unreachable")) {
      return "no route to host";
    }
    if (e instanceof ConnectException && text.contains("refused")) {
      return "connection refused";
    }
    if (text.contains("network") && text.contains("unreachable")) {
      return "network is unreachable";
    }
    if (text.contains("reset")) {
      return "connection reset by peer";
    }
    if (text.contains("broken pipe")) {
      return "broken pipe";
    }
    if (text.contains("timed out")) {
      return "connection timed out";
    }
    return message;
  }

  /**
   * @param operation {@code read} or {@code write}
   */
  static String during(String operation, Socket socket, Throwable e) {
    return operation
        + " tcp "
        + text(socket.getLocalSocketAddress())
        + "->"
        + text(socket.getRemoteSocketAddress())
        + ": "
        + operation
        + ": "
        + system(e);
  }

  /** The words for a failed handshake, which the server or its certificate may be the cause of. */
  static String handshake(Throwable e) {
    for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof UntrustedServerException) {
        return String.valueOf(cause.getMessage());
      }
    }
    String message = String.valueOf(e.getMessage());
    if (message.contains("Unsupported or unrecognized SSL message")) {
      return "tls: first record does not look like a TLS handshake";
    }
    if (message.contains("Remote host terminated the handshake") || message.contains("closed")) {
      return "EOF (the server closed the connection during the TLS handshake)";
    }
    String received = "Received fatal alert: ";
    int alert = message.indexOf(received);
    if (alert >= 0) {
      String name = message.substring(alert + received.length());
      return "remote error: tls: " + name.replace('_', ' ');
    }
    return "tls: " + system(e);
  }

  private static String text(@Nullable Object address) {
    return address instanceof InetSocketAddress inet && inet.getAddress() != null
        ? IpLiteral.write(inet)
        : "?";
  }
}
