package com.circleci.runnerinit.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ListenAddressTest {
  @ParameterizedTest
  @CsvSource({
    ":7623, '', 7623",
    "localhost:7623, localhost, 7623",
    "127.0.0.1:0, 127.0.0.1, 0",
    "'[::]:7623', '::', 7623",
    "'[::1]:65535', '::1', 65535",
    "'[fe80::1%eth0]:80', 'fe80::1%eth0', 80",
  })
  void shouldReadEveryForm(String value, String host, int port) {
    assertThat(ListenAddress.parse(value)).isEqualTo(new ListenAddress(host, port));
  }

  @ParameterizedTest
  @ValueSource(strings = {":7623", "localhost:7623", "[::]:7623"})
  void shouldPrintWhatItRead(String value) {
    assertThat(ListenAddress.parse(value)).hasToString(value);
  }

  @ParameterizedTest
  @CsvSource({
    "'', it has no port",
    "7623, it has no port",
    "localhost, it has no port",
    "localhost:, it has no port",
    "'[::1]', an IPv6 address needs brackets",
    "'::1:80', an IPv6 address needs brackets",
    "'[::1:80', an IPv6 address needs brackets",
    "'[]:80', its host is malformed",
    "'a b:80', its host is malformed",
    "'http://x:80', an IPv6 address needs brackets",
    ":65536, its port is above 65535",
    ":99999999999999999999, its port is above 65535",
    ":-1, its port is not a number",
    ":http, its port is not a number",
    "':٣', its port is not a number",
  })
  void shouldSayWhatIsWrongAndWhatIsExpected(String value, String reason) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ListenAddress.parse(value))
        .withMessage(
            "invalid address \"%s\": %s; expected host:port, :port or [IPv6]:port, such as :7623 or"
                + " localhost:7623",
            value, reason);
  }

  @Test
  void shouldRefuseAPortThatDoesNotExist() {
    assertThatIllegalArgumentException().isThrownBy(() -> new ListenAddress("", 65_536));
  }
}
