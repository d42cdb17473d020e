package com.circleci.runnerinit.clients.runner.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.time.Duration;

/** The orderly end of a connection whose answer is known. Nobody waits for it. */
final class Courtesy {
  private static final int MAX_BYTES = 64 << 10;
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private Courtesy() {}

  /** Reads what is left, up to 64 KiB and for up to a second, and closes. */
  static void takeLeave(Socket connection) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    byte[] buffer = new byte[8192];
    int left = MAX_BYTES;
    try (connection) {
      connection.setSoTimeout((int) PATIENCE.toMillis());
      InputStream in = connection.getInputStream();
      while (left > 0 && System.nanoTime() < end) {
        int read = in.read(buffer, 0, Math.min(buffer.length, left));
        if (read < 0) {
          break;
        }
        left -= read;
      }
    } catch (IOException e) {
      // The answer was taken before.
    }
  }
}
