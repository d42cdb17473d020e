package com.circleci.runnerinit.clients.runner.trust;

import static java.util.Objects.requireNonNull;

import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXReason;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Why a server's certificate is refused, in the words of Go's crypto/x509 where it has them. */
final class Refusal {
  private static final int DNS_NAME = 2;
  private static final int IP_ADDRESS = 7;
  private static final int NAMES_SHOWN = 10;
  private static final int CHARACTERS_SHOWN = 300;

  private final X509Certificate[] chain;
  private final String host;

  Refusal(X509Certificate[] chain, String host) {
    this.chain = requireNonNull(chain, "chain is null");
    this.host = requireNonNull(host, "host is null");
  }

  String unknownAuthority() {
    X509Certificate last = chain[chain.length - 1];
    boolean selfSigned =
        chain[0].getSubjectX500Principal().equals(chain[0].getIssuerX500Principal());
    return sentence(
        selfSigned
            ? "certificate signed by unknown authority (it is self-signed)"
            : "certificate signed by unknown authority (issuer: "
                + last.getIssuerX500Principal().getName()
                + ")");
  }

  String wrongHost() throws CertificateParsingException {
    List<String> names = names(chain[0]);
    return sentence(
        names.isEmpty()
            ? "certificate is not valid for any names, but wanted to match " + host
            : "certificate is valid for " + String.join(", ", names) + ", not " + host);
  }

  String badPath(CertificateException e) {
    for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertPathValidatorException path) {
        return badPath(path);
      }
    }
    return unknownAuthority();
  }

  private String badPath(CertPathValidatorException e) {
    CertPathValidatorException.Reason reason = e.getReason();
    if (reason == BasicReason.EXPIRED || reason == BasicReason.NOT_YET_VALID) {
      return outOfTime();
    }
    if (reason == PKIXReason.NO_TRUST_ANCHOR) {
      return unknownAuthority();
    }
    if (reason == BasicReason.INVALID_SIGNATURE) {
      return sentence(
          "certificate signed by unknown authority (a signature in its chain is wrong)");
    }
    return sentence(String.valueOf(e.getMessage()));
  }

  private String outOfTime() {
    Instant now = Instant.now();
    for (X509Certificate certificate : chain) {
      Instant begin = certificate.getNotBefore().toInstant();
      Instant end = certificate.getNotAfter().toInstant();
      if (now.isAfter(end)) {
        return outOfTime(now, "after", end);
      }
      if (now.isBefore(begin)) {
        return outOfTime(now, "before", begin);
      }
    }
    return sentence("certificate has expired or is not yet valid");
  }

  private static String outOfTime(Instant now, String relation, Instant bound) {
    return sentence(
        "certificate has expired or is not yet valid: current time "
            + text(now)
            + " is "
            + relation
            + " "
            + text(bound));
  }

  /**
   * Without java.time's formatters, which would cost the executable more than the sentence is
   * worth.
   */
  private static String text(Instant time) {
    return LocalDateTime.ofEpochSecond(time.getEpochSecond(), 0, ZoneOffset.UTC) + "Z";
  }

  private static List<String> names(X509Certificate certificate)
      throws CertificateParsingException {
    Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
    List<String> names = new ArrayList<>();
    for (List<?> name : alternatives == null ? List.<List<?>>of() : alternatives) {
      boolean known = name.get(0).equals(DNS_NAME) || name.get(0).equals(IP_ADDRESS);
      if (known && names.size() < NAMES_SHOWN) {
        names.add(String.valueOf(name.get(1)));
      }
    }
    return names;
  }

  private static String sentence(String reason) {
    String shown =
        reason.length() <= CHARACTERS_SHOWN ? reason : reason.substring(0, CHARACTERS_SHOWN) + "…";
    return "tls: failed to verify certificate: x509: " + shown;
  }
}
