package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.net.IpLiteral;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What keeps a server's certificate from being trusted, in the words of Go's crypto/x509 where it
 * has them. docs/reference/runner-api.md has them in a table.
 */
final class CertificateWords {
  private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
  private static final String ANY_USE = "2.5.29.37.0";

  private static final int DNS_NAME = 2;
  private static final int IP_ADDRESS = 7;
  private static final int NAMES_SHOWN = 10;
  private static final int CHARACTERS_SHOWN = 300;

  private final X509Certificate[] chain;
  private final Instant now;

  CertificateWords(X509Certificate[] chain, Instant now) {
    this.chain = chain;
    this.now = now;
  }

  Optional<String> outOfTime(X509Certificate certificate) {
    Instant begin = certificate.getNotBefore().toInstant();
    Instant end = certificate.getNotAfter().toInstant();
    String words = "certificate has expired or is not yet valid: current time " + text(now);
    if (now.isBefore(begin)) {
      return Optional.of(
          words
              + " is before "
              + text(begin)
              + " (it is not valid yet, or the clock of this node is wrong)");
    }
    return now.isAfter(end) ? Optional.of(words + " is after " + text(end)) : Optional.empty();
  }

  /**
   * Without java.time's formatters, which would cost the executable more than the sentence is
   * worth.
   */
  private static String text(Instant time) {
    return LocalDateTime.ofEpochSecond(time.getEpochSecond(), 0, ZoneOffset.UTC) + "Z";
  }

  /** Go's {@code VerifyHostname}: the common name counts for nothing. */
  Optional<String> wrongHost(String host) {
    Optional<InetAddress> address = IpLiteral.parse(host);
    List<String> names;
    try {
      names = names(address.isPresent() ? IP_ADDRESS : DNS_NAME);
    } catch (CertificateParsingException e) {
      return Optional.of("malformed certificate");
    }
    boolean matches =
        address.isPresent()
            ? names.stream().map(IpLiteral::parse).anyMatch(address::equals)
            : names.stream().anyMatch(name -> matches(name, host));
    if (matches) {
      return Optional.empty();
    }
    if (names.isEmpty() && address.isPresent()) {
      return Optional.of(
          "cannot validate certificate for " + host + " because it doesn't contain any IP SANs");
    }
    if (names.isEmpty()) {
      String subject = chain[0].getSubjectX500Principal().getName().toLowerCase(Locale.ROOT);
      return Optional.of(
          ("," + subject + ",").contains(",cn=" + host.toLowerCase(Locale.ROOT) + ",")
              ? "certificate relies on legacy Common Name field, use SANs instead"
              : "certificate is not valid for any names, but wanted to match " + host);
    }
    String shown = String.join(", ", names.subList(0, Math.min(NAMES_SHOWN, names.size())));
    return Optional.of(shortened("certificate is valid for " + shown) + ", not " + host);
  }

  private List<String> names(int kind) throws CertificateParsingException {
    Collection<List<?>> alternatives = chain[0].getSubjectAlternativeNames();
    List<String> names = new ArrayList<>();
    for (List<?> name : alternatives == null ? List.<List<?>>of() : alternatives) {
      if (name.get(0).equals(kind)) {
        names.add(String.valueOf(name.get(1)));
      }
    }
    return names;
  }

  private static boolean matches(String pattern, String host) {
    String name = host.toLowerCase(Locale.ROOT);
    String lower = pattern.toLowerCase(Locale.ROOT);
    int dot = name.indexOf('.');
    if (lower.startsWith("*.") && dot > 0) {
      return isHostName(name) && name.substring(dot).equals(lower.substring(1));
    }
    return !lower.isEmpty()
        && (lower.equals(name) || (isHostName(name) && lower.equals(name + ".")));
  }

  /** What a wildcard may stand for a part of: labels of letters, digits, hyphens, underscores. */
  private static boolean isHostName(String name) {
    return Arrays.stream(name.split("\\.", -1))
        .allMatch(label ->
            !label.isEmpty()
                && !label.startsWith("-")
                && label
                    .chars()
                    .allMatch(
                        c -> c < 0x7f && (Character.isLetterOrDigit(c) || c == '-' || c == '_')));
  }

  String unknownAuthority() {
    X509Certificate last = chain[chain.length - 1];
    boolean selfSigned =
        chain[0].getSubjectX500Principal().equals(chain[0].getIssuerX500Principal());
    return shortened(
        selfSigned
            ? "certificate signed by unknown authority (it is self-signed)"
            : "certificate signed by unknown authority (issuer: "
                + last.getIssuerX500Principal().getName()
                + ")");
  }

  /** Each certificate, the root's too, must allow for servers, or say nothing. */
  Optional<String> wrongUse(List<X509Certificate> path) {
    for (X509Certificate certificate : path) {
      try {
        List<String> uses = certificate.getExtendedKeyUsage();
        if (uses != null && !uses.contains(SERVER_AUTH) && !uses.contains(ANY_USE)) {
          return Optional.of("certificate specifies an incompatible key usage");
        }
      } catch (CertificateParsingException e) {
        return Optional.of("malformed certificate");
      }
    }
    return Optional.empty();
  }

  /** By digests that Go takes no more. */
  Optional<String> weakSignature(List<X509Certificate> path) {
    return path.stream()
        .map(certificate -> certificate.getSigAlgName().toUpperCase(Locale.ROOT))
        .filter(algorithm -> algorithm.startsWith("SHA1") || algorithm.startsWith("MD"))
        .findFirst()
        .map(algorithm ->
            "certificate signed by unknown authority (cannot verify signature: insecure algorithm "
                + algorithm
                + ")");
  }

  Optional<String> tooLong(List<X509Certificate> path, X509Certificate root) {
    int allowed = root.getVersion() < 3 ? Integer.MAX_VALUE : root.getBasicConstraints();
    return path.size() - 1 > allowed
        ? Optional.of("too many intermediates for path length constraint")
        : Optional.empty();
  }

  /** Why the chain as it was sent leads to none of the anchors. */
  String noPath(Set<TrustAnchor> anchors) {
    for (X509Certificate certificate : chain) {
      Optional<String> outOfTime = outOfTime(certificate);
      if (outOfTime.isPresent()) {
        return outOfTime.get();
      }
    }
    List<X509Certificate> sent = new ArrayList<>();
    boolean known = false;
    for (int i = 0; i < chain.length && !known; i++) {
      sent.add(chain[i]);
      X509Certificate last = chain[i];
      known =
          anchors.stream()
              .anyMatch(anchor ->
                  anchor
                      .getTrustedCert()
                      .getSubjectX500Principal()
                      .equals(last.getIssuerX500Principal()));
    }
    try {
      PKIXParameters parameters = new PKIXParameters(anchors);
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(now));
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(sent), parameters);
      return unknownAuthority();
    } catch (CertPathValidatorException e) {
      return words(e);
    } catch (GeneralSecurityException e) {
      return unknownAuthority();
    }
  }

  private String words(CertPathValidatorException e) {
    CertPathValidatorException.Reason reason = e.getReason();
    if (reason == BasicReason.INVALID_SIGNATURE) {
      return "certificate signed by unknown authority (a signature in its chain is wrong)";
    }
    if (reason == BasicReason.ALGORITHM_CONSTRAINED) {
      return weakSignature(Arrays.asList(chain))
          .orElse("certificate signed by unknown authority (a key in its chain is too weak)");
    }
    if (reason == PKIXReason.NOT_CA_CERT) {
      return "certificate is not authorized to sign other certificates";
    }
    if (reason == PKIXReason.INVALID_KEY_USAGE) {
      return "certificate signed by unknown authority (parent certificate cannot sign this kind of"
          + " certificate)";
    }
    if (reason == PKIXReason.PATH_TOO_LONG) {
      return "too many intermediates for path length constraint";
    }
    if (reason == PKIXReason.INVALID_NAME) {
      return "a root or intermediate certificate is not authorized to sign for this name";
    }
    if (reason == PKIXReason.UNRECOGNIZED_CRIT_EXT) {
      return "unhandled critical extension";
    }
    return unknownAuthority();
  }

  private static String shortened(String text) {
    return text.length() <= CHARACTERS_SHOWN ? text : text.substring(0, CHARACTERS_SHOWN) + "…";
  }
}
