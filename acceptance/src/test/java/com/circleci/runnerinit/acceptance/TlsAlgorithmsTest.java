package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.HostServer;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.OpensslCertificates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each algorithm of TLS that the executable has kept ({@code ClientSecurityServices}), with a
 * server that speaks no other.
 */
@Tag("image")
@InAContainer
class TlsAlgorithmsTest {
  private static final Map<String, OpensslCertificates> AUTHORITIES = new ConcurrentHashMap<>();

  /** The group ffdhe2048 of RFC 7919. */
  private static final String DH_GROUP =
      """
      -----BEGIN DH PARAMETERS-----
      MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
      +8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
      87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
      YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
      7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
      ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
      -----END DH PARAMETERS-----
      """;

  @TempDir static Path folder;
  private static final String P256 = "-newkey ec -pkeyopt ec_paramgen_curve:P-256";
  private static final String RSA = "-newkey rsa:2048";

  @BeforeAll
  static void writeDhGroup() throws IOException {
    Files.writeString(dhFile(), DH_GROUP);
  }

  private static Path dhFile() {
    return folder.resolve("dh.pem");
  }

  static List<String> keys() {
    return List.of(
        "rsa:2048 -sha256",
        "rsa:3072 -sha384",
        "rsa:4096 -sha512",
        "rsa:2048 -sha256 -sigopt rsa_padding_mode:pss",
        "rsa-pss -pkeyopt rsa_keygen_bits:2048 -sha256",
        "ec -pkeyopt ec_paramgen_curve:P-256 -sha256",
        "ec -pkeyopt ec_paramgen_curve:P-384 -sha384",
        "ec -pkeyopt ec_paramgen_curve:P-521 -sha512",
        "ed25519",
        "ed448");
  }

  @ParameterizedTest
  @MethodSource("keys")
  void shouldAcceptEachKindOfKeyInVersion12(String keys, Scenario given) {
    assertReaches("-newkey " + keys, "ssl_protocols TLSv1.2;", given);
  }

  @ParameterizedTest
  @MethodSource("keys")
  void shouldAcceptEachKindOfKeyInVersion13(String keys, Scenario given) {
    assertReaches("-newkey " + keys, "ssl_protocols TLSv1.3;", given);
  }

  @ParameterizedTest
  @CsvSource({"X25519", "X448", "P-256", "P-384", "P-521", "ffdhe2048", "ffdhe3072"})
  void shouldAgreeOnEachGroup(String group, Scenario given) {
    assertReaches(P256, "ssl_protocols TLSv1.3; ssl_ecdh_curve " + group + ";", given);
  }

  @ParameterizedTest
  @CsvSource({"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"})
  void shouldSpeakEachSuiteOfVersion13(String suite, Scenario given) {
    assertReaches(
        P256, "ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites " + suite + ";", given);
  }

  @ParameterizedTest
  @CsvSource({
    "RSA, ECDHE-RSA-AES128-GCM-SHA256",
    "RSA, ECDHE-RSA-AES256-GCM-SHA384",
    "RSA, ECDHE-RSA-CHACHA20-POLY1305",
    "RSA, ECDHE-RSA-AES128-SHA256",
    "RSA, ECDHE-RSA-AES256-SHA384",
    "RSA, ECDHE-RSA-AES128-SHA",
    "RSA, DHE-RSA-AES128-GCM-SHA256",
    "RSA, DHE-RSA-AES256-GCM-SHA384",
    "RSA, DHE-RSA-CHACHA20-POLY1305",
    "P256, ECDHE-ECDSA-AES128-GCM-SHA256",
    "P256, ECDHE-ECDSA-AES256-GCM-SHA384",
    "P256, ECDHE-ECDSA-CHACHA20-POLY1305",
    "P256, ECDHE-ECDSA-AES128-SHA256",
    "P256, ECDHE-ECDSA-AES256-SHA"
  })
  void shouldSpeakEachSuiteOfVersion12(String key, String suite, Scenario given) {
    assertReaches(
        key.equals("RSA") ? RSA : P256,
        "ssl_protocols TLSv1.2; ssl_ciphers %s; ssl_dhparam %s;".formatted(suite, dhFile()),
        given);
  }

  private static void assertReaches(String keys, String directives, Scenario given) {
    var certificates = AUTHORITIES.computeIfAbsent(keys, TlsAlgorithmsTest::authority);
    given.root().devices().file("/ca.pem", certificates.pem("ca"));
    given.environment("SSL_CERT_FILE", "/ca.pem").agent("exit=1");
    try (var nginx =
        HostServer.nginx(certificates.pemWithKey("server"), directives + " return 200 '{}';")) {
      given.apiBaseUrl(nginx.baseUrl());

      var container = given.runTask();

      assertThat(container.exitCode()).as(container.stderr().text()).isZero();
      assertThat(nginx.requests(1)).hasSize(1);
    }
  }

  /** An authority, and a server for 127.0.0.1 that it vouches for, both with keys of one kind. */
  private static OpensslCertificates authority(String keys) {
    try {
      return new OpensslCertificates(Files.createTempDirectory(folder, "keys"))
          .make("ca", "", keys, "keyUsage=keyCertSign")
          .make(
              "server",
              "ca",
              keys,
              "subjectAltName=IP:127.0.0.1",
              "basicConstraints=critical,CA:FALSE");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
