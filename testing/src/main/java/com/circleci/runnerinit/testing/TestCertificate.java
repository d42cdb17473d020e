package com.circleci.runnerinit.testing;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

/** Certificates of a private authority, good and bad, made once a JVM. */
@SuppressWarnings("ImmutableEnumChecker") // They are, but the library does not say so.
public enum TestCertificate {
  ROOT(named("Test Root").certificateAuthority(1).rsa2048()),
  INTERMEDIATE(named("Test Intermediate").certificateAuthority(0).rsa2048(), ROOT),
  RSA(server().rsa2048(), ROOT),
  EC(server(), ROOT),
  BELOW(server().rsa2048(), INTERMEDIATE),
  EXPIRED(during(-400, -310), ROOT),
  FUTURE(during(10, 100), ROOT),
  ELSEWHERE(
      named("x").addSubjectAlternativeName("a.test").addSubjectAlternativeName("10.9.8.7"), ROOT),
  ELSEWHERE_BY_NAME(named("x").addSubjectAlternativeName("elsewhere.test"), ROOT),
  SELF_SIGNED(server());

  /** A name, beside those of the loopback, that the servers are valid for. */
  public static final String HOST = "runner.test";

  private final HeldCertificate held;
  private final X509Certificate[] above;

  TestCertificate(HeldCertificate.Builder builder) {
    held = builder.build();
    above = new X509Certificate[0];
  }

  TestCertificate(HeldCertificate.Builder builder, TestCertificate issuer) {
    held = builder.signedBy(issuer.held).build();
    above =
        Stream.concat(Stream.of(issuer.held.certificate()), Arrays.stream(issuer.above))
            .toArray(X509Certificate[]::new);
  }

  private static HeldCertificate.Builder named(String name) {
    return new HeldCertificate.Builder().commonName(name);
  }

  private static HeldCertificate.Builder server() {
    var builder = named("server");
    List.of("localhost", HOST, "runner-api", "127.0.0.1", "::1")
        .forEach(builder::addSubjectAlternativeName);
    return builder;
  }

  private static HeldCertificate.Builder during(int firstDay, int lastDay) {
    var now = Instant.now();
    return server()
        .validityInterval(
            now.plus(Duration.ofDays(firstDay)).toEpochMilli(),
            now.plus(Duration.ofDays(lastDay)).toEpochMilli());
  }

  public String pem() {
    return held.certificatePem();
  }

  /** Certificate and key, for a server that is not Java's. */
  public String pemWithKey() {
    return pem() + held.privateKeyPkcs8Pem();
  }

  /** A server's context that shows it and those above it. */
  public SSLContext context() {
    return context(held, above);
  }

  /** A server's context that shows it alone, as a server set up by mistake does. */
  public SSLContext contextAlone() {
    return context(held);
  }

  static SSLContext context(HeldCertificate own, X509Certificate... above) {
    return new HandshakeCertificates.Builder().heldCertificate(own, above).build().sslContext();
  }
}
