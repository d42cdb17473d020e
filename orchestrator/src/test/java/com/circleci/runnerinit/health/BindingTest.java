package com.circleci.runnerinit.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.RefusingSyscalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BindingTest {
  @ParameterizedTest
  @ValueSource(strings = {":0", "[::]:0", "0.0.0.0:0"})
  void shouldServeIpv4AndIpv6OnAWildcard(String address) throws IOException {
    try (Served served = Served.start(address)) {
      assertThat(served.lines.lines())
          .singleElement()
          .asString()
          .endsWith(
              "server: new-server admin app.address=[::]:" + served.port() + " app.network=tcp\n");
      for (String host : new String[] {"127.0.0.1", "::1"}) {
        try (Client client = Client.connect(InetAddress.ofLiteral(host), served.port())) {
          assertThat(client.get("/live").status()).isEqualTo(200);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:0", "localhost:0", "LOCALHOST:0"})
  void shouldServeTheLoopbackAddressAlone(String address) throws IOException {
    try (Served served = Served.start(address)) {
      assertThat(served.lines.lines())
          .singleElement()
          .asString()
          .contains(" app.address=127.0.0.1:" + served.port() + " ");
      assertThat(served.get("/live").status()).isEqualTo(200);
    }
  }

  @Test
  void shouldServeOneIpv6Address() throws IOException {
    try (Served served = Served.start("[::1]:0")) {
      assertThat(served.lines.lines()).singleElement().asString().contains(" app.address=[::1]:");
      try (Client client = Client.connect(InetAddress.ofLiteral("::1"), served.port())) {
        assertThat(client.get("/live").status()).isEqualTo(200);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"'', ''", "localhost, 127.0.0.1"})
  void shouldSayThatThePortIsTaken(String host, String shownHost) throws IOException {
    try (ServerSocket taken = new ServerSocket(0)) {
      int port = taken.getLocalPort();
      assertThatIOException()
          .isThrownBy(() -> Served.start(host + ":" + port))
          .withMessage("listen tcp %s:%d: bind: address already in use", shownHost, port);
    }
  }

  @Test
  void shouldSayThatTheAddressIsNotThisMachines() {
    assertThatIOException()
        .isThrownBy(() -> Served.start("192.0.2.1:7623"))
        .withMessage("listen tcp 192.0.2.1:7623: bind: cannot assign requested address");
  }

  @Test
  void shouldSayThatTheHostIsUnknown() {
    assertThatIOException()
        .isThrownBy(() -> Served.start("host.invalid:7623"))
        .withMessageStartingWith("listen tcp: lookup host.invalid");
  }

  @Test
  void shouldServeIpv4AloneAndSaySoWhereThereIsNoIpv6() throws IOException {
    ListenAddress.Listener listener = ListenAddress.parse(":0").listen(withoutIpv6());

    int port = listener.address().port();
    assertThat(listener.address()).hasToString("0.0.0.0:" + port);
    Client.connect(InetAddress.ofLiteral("127.0.0.1"), port).close();
    Served.KERNEL.descriptors().close(listener.descriptor());
  }

  @Test
  void shouldSayThatAnIpv6AddressIsOfNoUseWhereThereIsNoIpv6() {
    assertThatIOException()
        .isThrownBy(() -> ListenAddress.parse("[::1]:7623").listen(withoutIpv6()))
        .withMessage("listen tcp [::1]:7623: socket: address family not supported by protocol");
  }

  /** The kernel, as it is where IPv6 was left out of it. */
  private static Kernel withoutIpv6() {
    return Kernel.of(RefusingSyscalls.refusing("SOCKET", 10, Errno.EAFNOSUPPORT));
  }

  @Test
  void shouldServeOnADaemonThreadOfItsOwn() throws IOException {
    try (Served served = Served.start(new NamingState())) {
      assertThat(served.get("/live").status()).isEqualTo(200);
    }
  }

  private static final class NamingState extends FixedState {
    @Override
    public boolean isAlive() {
      return Thread.currentThread().isDaemon() && Thread.currentThread().getName().equals("health");
    }
  }
}
