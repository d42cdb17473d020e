package com.circleci.runnerinit.clients.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.clients.net.HostPort;
import com.circleci.runnerinit.configuration.Secret;
import java.net.MalformedURLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class UrlTest {
  @ParameterizedTest
  @CsvSource({
    "https://runner.circleci.com, https, runner.circleci.com, 443, runner.circleci.com, ''",
    "HTTP://runner:8080/, http, runner, 8080, runner:8080, /",
    "http://under_score/a/b, http, under_score, 80, under_score, /a/b",
    "https://[::1]:8443/x, https, ::1, 8443, [::1]:8443, /x",
    "https://[::1], https, ::1, 443, [::1], ''",
    "http://host:/x, http, host, 80, host, /x",
    "socks5://host, socks5, host, 80, host, ''",
  })
  void takesAUrlApart(
      String text, String scheme, String host, int port, String authority, String path)
      throws MalformedURLException {
    Url url = Url.parse(text);

    assertThat(url.scheme()).isEqualTo(scheme);
    assertThat(url.host()).isEqualTo(host);
    assertThat(url.port()).isEqualTo(port);
    assertThat(url.authority()).isEqualTo(authority);
    assertThat(url.path()).isEqualTo(path);
    assertThat(url.userInfo()).isEmpty();
  }

  @Test
  void keepsUserInformationOutOfSight() throws MalformedURLException {
    Url url = Url.parse("http://user:p@ss@host:1/x");

    assertThat(url.userInfo()).contains(new Secret("user:p@ss"));
    assertThat(url.toString()).doesNotContain("p@ss").contains("host");
    assertThat(url.authority()).isEqualTo("host:1");
  }

  @ParameterizedTest
  @CsvSource({
    "b\u00fccher.test, xn--bcher-kva.test",
    "RUNNER.B\u00dcCHER.test, runner.xn--bcher-kva.test",
    "\u4f8b\u3048\u3002\u30c6\u30b9\u30c8, xn--r8jz45g.xn--zckzah",
    "\u03bb.test:8443, xn--wxa.test",
    "\ud83d\ude80.test, xn--158h.test",
  })
  void writesInternationalHostNamesInPunycode(String host, String ascii)
      throws MalformedURLException {
    assertThat(Url.parse("https://" + host + "/x").host()).isEqualTo(ascii);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "runner.circleci.com",
        "://host",
        "1http://host",
        "https://",
        "https:///path",
        "https://:443",
        "https://host:0",
        "https://host:65536",
        "https://host:-1",
        "https://host:1x",
        "https://host?x",
        "https://host/#x",
        "https://host/a b",
        "https://host/\r\nX: y",
        "https://host/h\u00f6",
        "https://h\u00f6\u0001",
        "https://::1",
        "https://[::1",
        "https://[::1]x",
        "https://[host]",
        "https://[127.0.0.1]",
        "https://ho%20st",
        "https://ho<st",
        "https://stra\u00dfe.test",
        "https://h\u00f6\uff0fst",
        "https://h\u00f6..test",
      })
  void refusesWhatIsNoUrlAndDoesNotShowIt(String text) {
    assertThatThrownBy(() -> Url.parse(text))
        .isInstanceOf(MalformedURLException.class)
        .message()
        .startsWith("it");
    String secret = text.replace("://", "://user:MARKER@");
    assertThatThrownBy(() -> Url.parse(secret))
        .isInstanceOf(MalformedURLException.class)
        .message()
        .doesNotContain("MARKER");
  }

  @ParameterizedTest
  @CsvSource({
    "0:0:0:0:0:0:0:1, ::1",
    "::, ::",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "fe80:0:0:0:0:0:0:0, fe80::",
    "1:0:0:2:0:0:0:3, 1:0:0:2::3",
    "10.0.0.1, 10.0.0.1",
  })
  void writesAddressesInTheirShortestForm(String text, String shortest) {
    assertThat(HostPort.address(text)).map(HostPort::write).contains(shortest);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "host", "1.2.3", "127.1", "1.2.3.4.5", "1.2.3.x", "fe80::1%eth0", "300.1.1.1"})
  void takesOnlyWholeAddressesForAddresses(String text) {
    assertThat(HostPort.address(text)).isEmpty();
  }
}
