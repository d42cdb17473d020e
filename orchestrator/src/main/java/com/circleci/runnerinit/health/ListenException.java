package com.circleci.runnerinit.health;

import com.circleci.runnerinit.linux.KernelException;
import java.io.IOException;

/** A failure to listen in the words of Go's {@code net.Listen}, which operators search for. */
final class ListenException extends IOException {
  private static final long serialVersionUID = 1;

  private final int errno;

  ListenException(String address, KernelException cause) {
    super("listen tcp " + address + ": " + cause.getMessage(), cause);
    errno = cause.errno();
  }

  int errno() {
    return errno;
  }
}
