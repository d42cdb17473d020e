package com.circleci.runnerinit.linux;

import java.io.IOException;

/** What Linux refused, and why. */
public final class KernelException extends IOException {
  private static final long serialVersionUID = 1;

  private final String reason;
  private final int errno;

  /**
   * A call that failed.
   *
   * @param what the call and its object, such as {@code open /etc/passwd}
   * @param errno the error number, above zero
   */
  public KernelException(String what, int errno) {
    this(what, Errno.describe(errno), errno);
  }

  /** What the kernel allows, and this program does not. */
  KernelException(String what, String reason) {
    this(what, reason, 0);
  }

  private KernelException(String what, String reason, int errno) {
    super(what + ": " + reason);
    this.reason = reason;
    this.errno = errno;
  }

  /** The error number; zero when the kernel did not refuse. */
  public int errno() {
    return errno;
  }

  /** The reason alone, such as {@code permission denied}. */
  public String reason() {
    return reason;
  }
}
