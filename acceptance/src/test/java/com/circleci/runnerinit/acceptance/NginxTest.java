package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static com.circleci.runnerinit.testing.Route.UNCLAIM;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.HostServer;
import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Answer;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.Command;
import com.circleci.runnerinit.testing.OpensslCertificates;
import com.circleci.runnerinit.testing.TestCertificate;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The runner API behind, and in the shape of, a server that is in wide use. */
@InAContainer
class NginxTest {
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void shouldReachAnApiBehindItsTls(String version, Scenario given) {
    given.config().set("task_agent_path", "/missing");
    given.api().answer(UNCLAIM, Answer.status(409));
    try (var nginx = inFrontOf(given, "ssl_protocols " + version + ";")) {
      given.apiBaseUrl(nginx.baseUrl());

      assertThat(given.runTask().exitCode()).isZero();

      assertThat(given.api().calls())
          .extracting(Call::path)
          .containsExactly(UNCLAIM.path(), FAIL.path());
      assertThat(given.api().calls())
          .allSatisfy(
              call -> assertThat(call.header("authorization")).hasValue("Bearer " + given.token()));
      assertThat(nginx.requests(2)).hasSize(2);
    }
  }

  /** nginx makes a 502 of a server that hangs up. */
  @Test
  void shouldTryAgainWhenTheServerBehindItHangsUp(Scenario given) {
    given.agent("exit=1");
    given.api().answer(FAIL, new Answer.Close());
    try (var nginx = inFrontOf(given, "")) {
      given.apiBaseUrl(nginx.baseUrl());

      assertThat(given.runTask().exitCode()).isZero();

      assertThat(nginx.requests(2)).hasSize(2);
      assertThat(nginx.requests(2).getFirst()).contains("HTTP/1.1\" 502 ");
      assertThat(nginx.requests(2).getLast()).contains("HTTP/1.1\" 200 ");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "return 200 '{}'; | 0 | 200",
        "return 204; | 0 | 204",
        "return 301 https://elsewhere.test/; | 1 | 301 (Moved Permanently)",
        "return 307 https://elsewhere.test/; | 1 | 307 (Temporary Redirect)",
        "return 400; | 1 | 400 (Bad Request)",
        "deny all; | 1 | 403 (Forbidden)",
        "return 404; | 1 | 404 (Not Found)",
        "limit_except GET { deny all; } | 1 | 403 (Forbidden)",
        "client_max_body_size 1; proxy_pass http://127.0.0.1:1; | 1 | 413 (Request Entity Too Large)",
        "return 429; | 1 | 429 (Too Many Requests)"
      })
  void shouldTakeItsAnswersForWhatTheyAre(String row, Scenario given) {
    var cells = row.split(" \\| ", -1);
    trust(given).agent("exit=1");
    var pem = TestCertificate.RSA.pemWithKey();
    try (var nginx = HostServer.nginx(pem, "location / { " + cells[0] + " }")) {
      given.apiBaseUrl(nginx.baseUrl());

      var container = given.runTask();

      assertThat(container.exitCode()).isEqualTo(Integer.parseInt(cells[1]));
      if (!cells[1].equals("0")) {
        assertThat(container.stderr().text())
            .contains("POST /api/v2/task/event/fail was " + cells[2] + " (1 attempts)");
      }
      assertThat(nginx.requests(1)).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "runner_api.test, keyUsage=critical+digitalSignature",
    "runner-.test, keyUsage=critical+digitalSignature",
    "runner.test, keyUsage=critical+keyEncipherment",
    "runner.test, extendedKeyUsage=serverAuth",
  })
  void shouldConnectWhereTheOriginalDoes(
      String host, String extension, Scenario given, @TempDir Path folder) {
    try (var nginx = serve(host, "subjectAltName=DNS:" + host + "&" + extension, given, folder)) {
      assertThat(given.runTask().exitCode()).as("%s", given.container().stdout().text()).isZero();
      assertThat(nginx.requests(1)).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "leaf, keyUsage=digitalSignature, relies on legacy Common Name field",
    "a.test, subjectAltName=DNS:a*.test, 'is valid for a*.test, not a.test'",
    "leaf, extendedKeyUsage=clientAuth&subjectAltName=DNS:leaf, specifies an incompatible key usage",
  })
  void shouldRefuseWhereTheOriginalDoes(
      String host, String extension, String reason, Scenario given, @TempDir Path folder) {
    try (var _ = serve(host, extension, given, folder)) {
      assertThat(FirstAttempt.error(given.runTask())).contains("x509: certificate " + reason);
    }
  }

  /** An API of this name whose certificate, "leaf", has these extensions, joined by ampersands. */
  private static HostServer serve(String host, String extensions, Scenario given, Path folder) {
    var all = ("basicConstraints=CA:FALSE&" + extensions).replace('+', ',').split("&", -1);
    var certificates = new OpensslCertificates(folder).root("ca");
    certificates.make("leaf", "ca", OpensslCertificates.RSA, all);
    given.root().devices().file("/ca.pem", certificates.pem("ca"));
    given.root().file("/etc/hosts", "127.0.0.1 " + host + "\n");
    given.environment("SSL_CERT_FILE", "/ca.pem").agent("exit=1");
    var nginx = HostServer.nginx(certificates.pemWithKey("leaf"), "location / { return 200; }");
    given.apiBaseUrl("https://" + host + ":" + nginx.port());
    return nginx;
  }

  @Test
  void shouldReadAChainAndARequestForCertificatesThatAreLong(Scenario given, @TempDir Path folder)
      throws Exception {
    var certificates = new OpensslCertificates(folder).root("ca");
    var issuer = "ca";
    var chain = "";
    for (int i = 0; i < 11; i++) {
      certificates.make("intermediate " + i, issuer, OpensslCertificates.EC);
      issuer = "intermediate " + i;
      chain = certificates.pem(issuer) + chain;
    }
    certificates.make(
        "leaf",
        issuer,
        OpensslCertificates.EC,
        "basicConstraints=CA:FALSE",
        "subjectAltName=IP:127.0.0.1");
    var authorities = new StringBuilder();
    for (int i = 0; i < 400; i++) {
      certificates.root("an authority among so many that their list is long, the " + i);
      authorities.append(
          certificates.pem("an authority among so many that their list is long, the " + i));
    }
    Files.writeString(folder.resolve("many.pem"), authorities);
    given.root().devices().file("/ca.pem", certificates.pem("ca"));
    given.environment("SSL_CERT_FILE", "/ca.pem").agent("exit=1");
    var asking =
        "ssl_verify_client optional_no_ca; ssl_client_certificate "
            + folder.resolve("many.pem")
            + "; location / { return 200; }";
    try (var nginx =
        HostServer.nginx(certificates.pem("leaf") + chain + certificates.key("leaf"), asking)) {
      given.apiBaseUrl(nginx.baseUrl());
      assertThat(given.runTask().exitCode()).as("%s", given.container().stdout().text()).isZero();
    }
  }

  @Test
  void shouldRefuseATlsThatIsTooOld(Scenario given) {
    trust(given).agent("exit=1");
    var old = "ssl_protocols TLSv1 TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0; return 200;";
    try (var nginx = HostServer.nginx(TestCertificate.RSA.pemWithKey(), old)) {
      var server = "127.0.0.1:" + nginx.port();
      Command.succeed(
          "openssl", "s_client", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-connect", server);
      given.apiBaseUrl(nginx.baseUrl());

      assertThat(FirstAttempt.error(given.runTask()))
          .isEqualTo("remote error: tls: protocol version");
      assertThat(nginx.requests(0)).isEmpty();
    }
  }

  private static HostServer inFrontOf(Scenario given, String more) {
    trust(given);
    var location =
        "location / { proxy_http_version 1.1; proxy_pass " + given.api().baseUrl() + "; }";
    return HostServer.nginx(TestCertificate.RSA.pemWithKey(), more + location);
  }

  private static Scenario trust(Scenario given) {
    given.root().devices().file("/ca.pem", TestCertificate.ROOT.pem());
    return given.environment("SSL_CERT_FILE", "/ca.pem");
  }
}
