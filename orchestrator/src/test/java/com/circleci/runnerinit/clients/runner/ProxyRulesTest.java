package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.clients.runner.testing.CapturedLog;
import com.circleci.runnerinit.configuration.Secret;
import java.net.MalformedURLException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ProxyRulesTest {
  private static final String PROXY = "proxy.test:3128";

  @Test
  void goStraightWithoutSettings() throws MalformedURLException {
    assertThat(way("https://api.test")).isEqualTo("direct");
  }

  @Test
  void keepTheSettingsOfTheSchemesApart() throws MalformedURLException {
    assertThat(way("https://api.test", "HTTPS_PROXY", PROXY)).isEqualTo(PROXY);
    assertThat(way("http://api.test", "HTTPS_PROXY", PROXY)).isEqualTo("direct");
    assertThat(way("http://api.test", "HTTP_PROXY", PROXY)).isEqualTo(PROXY);
    assertThat(way("https://api.test", "HTTP_PROXY", PROXY)).isEqualTo("direct");
  }

  @Test
  void takeLowerCaseNamesWhenTheUpperCaseOnesAreEmpty() throws MalformedURLException {
    assertThat(way("https://api.test", "https_proxy", PROXY)).isEqualTo(PROXY);
    assertThat(way("https://api.test", "HTTPS_PROXY", "", "https_proxy", PROXY)).isEqualTo(PROXY);
    assertThat(way("https://api.test", "HTTPS_PROXY", "a:1", "https_proxy", "b:1"))
        .isEqualTo("a:1");
    assertThat(way("https://api.test", "HTTPS_PROXY", PROXY, "no_proxy", "api.test"))
        .isEqualTo("direct");
  }

  @ParameterizedTest
  @CsvSource({
    "proxy.test, proxy.test:80",
    "http://proxy.test, proxy.test:80",
    "https://proxy.test, proxy.test:443",
    "http://user:secret@proxy.test:1/, proxy.test:1",
    "user:secret@proxy.test:1, proxy.test:1",
  })
  void readProxiesWithAndWithoutScheme(String setting, String proxy) throws MalformedURLException {
    assertThat(way("https://api.test", "HTTPS_PROXY", setting)).isEqualTo(proxy);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          https://api.test       | api.test             | direct
          https://api.test       | API.TEST             | direct
          https://API.test       | api.test             | direct
          https://api.test       | other.test,api.test  | direct
          https://api.test       | ' api.test '         | direct
          https://sub.api.test   | api.test             | direct
          https://sub.api.test   | .api.test            | direct
          https://sub.api.test   | *.api.test           | direct
          https://api.test       | .api.test            | proxy
          https://api.test       | *.api.test           | proxy
          https://notapi.test    | api.test             | proxy
          https://api.test       | api.test:443         | direct
          https://api.test       | api.test:444         | proxy
          https://api.test:444   | api.test:444         | direct
          https://api.test       | *                    | direct
          https://api.test       | x,*                  | direct
          https://api.test       | ,                    | proxy
          https://api.test       | :443                 | proxy
          https://10.1.2.3       | 10.1.2.3             | direct
          https://10.1.2.3       | 10.1.2.3:443         | direct
          https://10.1.2.3       | 10.1.2.3:80          | proxy
          https://10.1.2.3       | 10.1.0.0/16          | direct
          https://10.2.2.3       | 10.1.0.0/16          | proxy
          https://10.1.2.3       | 10.1.0.0/33          | proxy
          https://10.1.2.3       | 10.1.0.0/            | proxy
          https://10.1.2.3       | ::ffff:10.1.2.3      | direct
          https://[2001:db8::1]  | 2001:db8::1          | direct
          https://[2001:db8::1]  | [2001:db8::1]:443    | direct
          https://[2001:db8::1]  | [2001:db8::1]:80     | proxy
          https://[2001:db8::1]  | [2001:db8::1]        | proxy
          https://xn--bcher-kva.test | bücher.test  | direct
          https://[2001:db8::1]  | 2001:db8::/32        | direct
          https://[2001:db9::1]  | 2001:db8::/32        | proxy
          https://10.1.2.3       | 2001:db8::/32        | proxy
          https://10.1.2.3       | 1.2.3                | direct
          https://localhost      | ''                   | direct
          https://127.0.0.1      | ''                   | direct
          https://127.9.9.9      | ''                   | direct
          https://[::1]          | ''                   | direct
          https://localhost.test | ''                   | proxy
          """)
  void exemptHostsAsGoDoes(String url, String noProxy, String expected)
      throws MalformedURLException {
    assertThat(way(url, "HTTPS_PROXY", PROXY, "NO_PROXY", noProxy))
        .isEqualTo(expected.equals("proxy") ? PROXY : "direct");
  }

  @Test
  void distrustTheSettingThatACgiRequestCanMake() throws MalformedURLException {
    assertThat(way("http://api.test", "HTTP_PROXY", PROXY, "REQUEST_METHOD", "GET"))
        .contains("CGI environment");
    assertThat(way("https://api.test", "HTTPS_PROXY", PROXY, "REQUEST_METHOD", "GET"))
        .isEqualTo(PROXY);
    assertThat(way("http://api.test", "REQUEST_METHOD", "GET")).isEqualTo("direct");
  }

  @Test
  void barTheWayThroughProxiesThatAreNotSupported() throws MalformedURLException {
    assertThat(way("https://api.test", "HTTPS_PROXY", "socks5://user:secret@proxy.test"))
        .contains("HTTPS_PROXY", "socks5")
        .doesNotContain("secret");
  }

  @Test
  void doNotBarTheWayToAnExemptHost() throws MalformedURLException {
    assertThat(
            way("https://api.test", "HTTPS_PROXY", "socks5://proxy.test", "NO_PROXY", "api.test"))
        .isEqualTo("direct");
  }

  @Test
  void ignoreWhatIsNoProxyButSaySo() throws MalformedURLException {
    assertThat(way("https://api.test", "HTTPS_PROXY", "http://user:secret@proxy.test:port"))
        .contains("HTTPS_PROXY is ignored")
        .doesNotContain("secret");
  }

  @ParameterizedTest
  @CsvSource({
    "user:pass, Basic dXNlcjpwYXNz",
    "user, Basic dXNlcjo=",
    "us%3Aer:p%40ss, Basic dXM6ZXI6cEBzcw==",
    "user:100%, Basic dXNlcjoxMDAl",
    "user:%zz%4, Basic dXNlcjolenolNA==",
  })
  void decodeCredentials(String userInfo, String authorization) throws MalformedURLException {
    Url proxy = Url.parse("http://" + userInfo + "@proxy.test");
    assertThat(proxy.basicAuthorization()).map(Secret::reveal).contains(authorization);
    assertThat(proxy.toString()).doesNotContain("pass");
  }

  private static String way(String url, String... environment) throws MalformedURLException {
    Map<String, String> variables = new HashMap<>();
    for (int i = 0; i < environment.length; i += 2) {
      variables.put(environment[i], environment[i + 1]);
    }
    CapturedLog captured = new CapturedLog();
    try {
      String way =
          new ProxyRules(variables, captured.log())
              .to(Url.parse(url))
              .map(Url::address)
              .orElse("direct");
      return captured.lines().isEmpty() ? way : captured.lines().getFirst();
    } catch (MalformedURLException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
