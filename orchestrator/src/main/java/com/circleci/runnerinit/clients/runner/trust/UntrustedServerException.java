package com.circleci.runnerinit.clients.runner.trust;

import java.security.cert.CertificateException;

/** A server whose certificate is refused; the message says why, in one line. */
public final class UntrustedServerException extends CertificateException {
  private static final long serialVersionUID = 1L;

  UntrustedServerException(String reason) {
    super(reason);
  }
}
