package com.circleci.runnerinit.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

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
  @ValueSource(
      strings = {
        "",
        "7623",
        "localhost",
        "localhost:",
        "[::1]",
        "::1:80",
        "[::1:80",
        "[]:80",
        "a b:80",
        "http://x:80",
        ":65536",
        ":99999999999999999999",
        ":-1",
        ":http",
        ":\u0663"
      })
  void shouldSayWhatIsExpectedInPlaceOfWhatItCannotRead(String value) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ListenAddress.parse(value))
        .withMessage(
            "invalid address \"%s\": expected host:port, :port or [IPv6]:port, such as :7623 or"
                + " localhost:7623, with a port from 0 to 65535",
            value);
  }
}
