package com.circleci.runnerinit.linux;

import java.io.IOException;

/** What Linux refused, and why. */
public final class KernelException extends IOException {
  private static final long serialVersionUID = 1;

  private final String what;
  private final int errno;

  /**
   * A call that failed.
   *
   * @param what the call and its object, such as {@code open /etc/passwd}
   * @param errno the error number, above zero
   */
  public KernelException(String what, int errno) {
    super(what + ": " + Errno.describe(errno));
    this.what = what;
    this.errno = errno;
  }

  public int errno() {
    return errno;
  }

  /** The call, its object and the reason, such as {@code open /etc/passwd: permission denied}. */
  public String description() {
    return what + ": " + reason();
  }

  /** The reason alone, such as {@code permission denied}. */
  public String reason() {
    return Errno.describe(errno);
  }
}
