package com.circleci.runnerinit.clients.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.linux.ForeignSyscalls;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.testing.NameServer;
import com.circleci.runnerinit.testing.NameServer.Behaviour;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files × servers, each with the outcome that the reference page gives. */
@Timeout(120)
final class ResolverSweepTest {
  private static final Path PAGE =
      Path.of(System.getProperty("basedir", "."), "../docs/reference/name-lookup.md");
  private static final String NAME = "svc.ns.svc";

  private static final Kernel LINUX = Kernel.of(new ForeignSyscalls());
  private static final Map<Behaviour, List<String>> TABLE = new EnumMap<>(Behaviour.class);

  @TempDir private Path root;

  @BeforeAll
  static void readTable() throws IOException {
    for (String line : Files.readAllLines(PAGE)) {
      List<String> cells = Arrays.stream(line.split("\\|", -1)).map(String::strip).toList();
      if (cells.size() == 5 && cells.get(1).matches("[A-Z_]+")) {
        TABLE.put(Behaviour.valueOf(cells.get(1)), cells.subList(2, 4));
      }
    }
  }

  enum Configuration {
    PLAIN("nameserver SERVER\n"),
    SEARCHES_THE_ROOT("search .\nnameserver SERVER\n"),
    SEARCHES_THE_ROOT_TOO("nameserver SERVER\nsearch a.test . b.test\n"),
    SEARCHES_FIRST("nameserver SERVER\nsearch a.test b.test c.test d.test\noptions ndots:5\n"),
    SEARCHES_LAST("nameserver SERVER\nsearch a.test b.test\noptions ndots:1\n"),
    FIRST_SERVER_DEAD("nameserver 127.0.0.2\nnameserver SERVER\noptions attempts:1\n"),
    FIRST_SERVER_REFUSES("nameserver REFUSING\nnameserver SERVER\noptions attempts:1\n"),
    ROTATES("nameserver SERVER\nnameserver SERVER\noptions rotate\n"),
    ONCE("nameserver SERVER\noptions timeout:1 attempts:1\n"),
    OVER_TCP("nameserver SERVER\noptions use-vc attempts:1\n"),
    MALFORMED(
        """
        \0\377
        nameserver
        nameserver x.test
        options ndots: timeout:x attempts:-1 no
        # nameserver 127.0.0.9
        ;
        sortlist 1
        nameserver\tSERVER more\r
        domain
        """),
    LONG("search" + longest(32) + "\nnameserver SERVER\n"),
    ANSWERS_AFTER_A_ZONE("nameserver fe80::1%none\nnameserver SERVER\noptions attempts:1\n");

    private final String content;

    Configuration(String content) {
      this.content = content;
    }

    private static String longest(int domains) {
      StringBuilder list = new StringBuilder();
      for (int i = 0; i < domains; i++) {
        list.append(' ').append("x".repeat(55)).append(i).append(".test");
      }
      return list.toString();
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldMakeOfEachAnswerWhatTheReferenceSays(Configuration configuration) throws Exception {
    assertThat(TABLE).containsOnlyKeys(Behaviour.values());
    List<Thread> threads =
        TABLE.entrySet().stream()
            .map(row -> Thread.ofPlatform().unstarted(() -> check(configuration, row)))
            .toList();
    Map<Thread, Throwable> failures = new ConcurrentHashMap<>();
    threads.forEach(thread -> thread.setUncaughtExceptionHandler(failures::put));
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures.values()).isEmpty();
  }

  private void check(Configuration configuration, Map.Entry<Behaviour, List<String>> row) {
    Behaviour behaviour = row.getKey();
    String ofOne = outcome(configuration, row.getValue().getFirst());
    String ofBoth = outcome(configuration, row.getValue().getLast());
    check(
        configuration,
        server -> server.says(NAME, behaviour, Behaviour.ANSWERED),
        ofOne.equals("both") ? ofOne : "[/0:0:0:0:0:0:0:1]");
    check(
        configuration,
        server -> server.says(NAME, Behaviour.ANSWERED, behaviour),
        ofOne.equals("both") ? ofOne : "[/127.0.0.1]");
    check(configuration, server -> server.says(NAME, behaviour, behaviour), ofBoth);
  }

  private static String outcome(Configuration configuration, String cell) {
    String[] outcomes = cell.split(", over TCP ", -1);
    return configuration == Configuration.OVER_TCP ? outcomes[outcomes.length - 1] : outcomes[0];
  }

  private void check(Configuration configuration, Consumer<NameServer> saying, String outcome) {
    try (NameServer server = NameServer.start("127.0.0.1", 0);
        NameServer refusing =
            NameServer.start("127.0.0.3", server.port()).otherwise(Behaviour.REFUSED)) {
      saying.accept(server);
      String content =
          configuration.content.replace("SERVER", "127.0.0.1").replace("REFUSING", "127.0.0.3");
      Path etc = Files.createDirectories(Files.createTempDirectory(root, "root").resolve("etc"));
      Files.writeString(etc.resolve("resolv.conf"), content);
      Resolver resolver = new Resolver(LINUX, etc.getParent() + "", server.port());

      assertThat(lookup(resolver, outcome.contains("timeout") ? 1000 : 10_000))
          .as("%s, %s", configuration, server.asked())
          .satisfiesAnyOf(
              seen -> assertThat(seen).isEqualTo(outcome),
              seen ->
                  assertThat("`" + seen + "`")
                      .startsWith("`lookup " + NAME + " on 127.0.0.")
                      .endsWith(": " + outcome.replaceFirst("`", "")));
      assertThat(refusing.port()).isPositive();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String lookup(Resolver resolver, int millis) {
    try {
      List<InetAddress> found = resolver.lookup(NAME, Deadline.in(Duration.ofMillis(millis)));
      return found.size() == 2 ? "both" : found.toString();
    } catch (NetworkException e) {
      return e.reason();
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldGoThroughTheSearchListWhateverOneOfItIsAnsweredWith(Behaviour behaviour)
      throws Exception {
    if (TABLE.getOrDefault(behaviour, List.of()).getLast().equals("both")) {
      return;
    }
    try (NameServer server = NameServer.start("127.0.0.1", 0)) {
      server.says("api.b.test", behaviour, behaviour).knows("api");
      write("resolv.conf", Configuration.SEARCHES_FIRST.content.replace("SERVER", "127.0.0.1"));

      assertThat(resolver(server).lookup("api", seconds(5))).hasSize(2);
      assertThat(server.asked())
          .contains("udp api.a.test A", "udp api.b.test AAAA", "udp api.d.test A", "udp api A");
    }
  }

  @Test
  void shouldAskForTheNameAsItIsFirstWhenItHasDotsEnough() throws Exception {
    try (NameServer server = NameServer.start("127.0.0.1", 0).knows("svc.ns.svc.b.test")) {
      write("resolv.conf", Configuration.SEARCHES_LAST.content.replace("SERVER", "127.0.0.1"));

      assertThat(resolver(server).lookup(NAME, seconds(5))).hasSize(2);
      assertThat(server.asked().stream().filter(asked -> asked.endsWith(" A")))
          .containsExactly(
              "udp svc.ns.svc A", "udp svc.ns.svc.a.test A", "udp svc.ns.svc.b.test A");
    }
  }

  @Test
  void shouldBeginEachLookupWithAnotherServerWhenToldToRotate() throws Exception {
    try (NameServer one = NameServer.start("127.0.0.1", 0).knows("api.test");
        NameServer other = NameServer.start("127.0.0.3", one.port()).knows("api.test")) {
      write("resolv.conf", "nameserver 127.0.0.1\nnameserver 127.0.0.3\noptions rotate\n");
      Resolver resolver = resolver(one);
      for (int i = 0; i < 4; i++) {
        resolver.lookup("api.test", seconds(5));
      }
      assertThat(one.asked()).isNotEmpty();
      assertThat(other.asked()).isNotEmpty();
    }
  }

  @Test
  void shouldGoThroughTheServersAsOftenAsTold() throws Exception {
    try (NameServer server = NameServer.start("127.0.0.1", 0).otherwise(Behaviour.REFUSED)) {
      write("resolv.conf", "nameserver 127.0.0.1\noptions attempts:3\n");
      assertThatThrownBy(() -> resolver(server).lookup("api.test", seconds(5)))
          .hasMessageEndingWith(": server misbehaving");
      assertThat(server.asked().stream().filter("udp api.test A"::equals)).hasSize(3);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1 api.test\n::1 api.test",
        "::1\tx API.Test # 127.0.0.9 api.test\r\n127.0.0.1 aPI.tEST.\n",
        "x api.test\n300.0.0.1 api.test\n127.0.0.1 api.test\n127.0.0.1 api.test\n::1 api.test\n"
      })
  void shouldFindAllLinesOfTheHostsFileInAnyCapitals(String hosts) throws Exception {
    write("hosts", hosts);
    assertThat(new Resolver(LINUX, root.toString(), 1).lookup("api.TEST", seconds(1))).hasSize(2);
  }

  @Test
  void shouldReadAHostsLineOfAnyLength() throws Exception {
    write("hosts", "127.0.0.1" + " a-name.test".repeat(1000) + " api.test\n");
    assertThat(new Resolver(LINUX, root.toString(), 1).lookup("api.test", seconds(1)))
        .containsExactly(InetAddress.ofLiteral("127.0.0.1"));
  }

  @Test
  void shouldAskThisMachineWithoutAFileAndReadNothingThatIsNone() throws Exception {
    try (NameServer server = NameServer.start("127.0.0.1", 0).knows("api.test")) {
      assertThat(resolver(server).lookup("api.test", seconds(5))).hasSize(2);
      write("resolv.conf", "");
      assertThat(resolver(server).lookup("api.test", seconds(5))).hasSize(2);
      Files.delete(root.resolve("etc/resolv.conf"));
      Files.createSymbolicLink(root.resolve("etc/resolv.conf"), Path.of("/dev/zero"));
      new ProcessBuilder("/usr/bin/mkfifo", root.resolve("etc/hosts").toString()).start().waitFor();
      assertThat(resolver(server).lookup("api.test", seconds(5))).hasSize(2);
    }
  }

  @Test
  void shouldReadAHugeFileNoFurtherThanItCounts() throws Exception {
    try (NameServer server = NameServer.start("127.0.0.1", 0).knows("api.test")) {
      write("resolv.conf", "nameserver 127.0.0.1\n");
      try (var file = new RandomAccessFile(root.resolve("etc/resolv.conf").toFile(), "rw")) {
        file.setLength(1L << 30);
      }
      assertThat(resolver(server).lookup("api.test", seconds(5))).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lo", "1"})
  void shouldAskAServerInAZone(String zone) throws Exception {
    try (NameServer server = NameServer.start("::1", 0).knows("api.test")) {
      write("resolv.conf", "nameserver ::1%" + zone + "\n");
      assertThat(resolver(server).lookup("api.test", seconds(5))).hasSize(2);
    }
  }

  @Test
  void shouldReadTheOptions() {
    String options = "options timeout:7 attempts:4\noptions ndots:3 rotate use-vc\n";
    assertThat(ResolverConfig.parse(options, HostPort::address))
        .isEqualTo(
            new ResolverConfig(
                List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("::1")),
                List.of(),
                3,
                Duration.ofSeconds(7),
                4,
                true,
                true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"api-.test", "-api.test", "a..test", "1.2.3", "api.onion", "a b"})
  void shouldNotAskForWhatDnsDoesNotHave(String name) throws Exception {
    try (NameServer server = NameServer.start("127.0.0.1", 0)) {
      write("resolv.conf", "nameserver 127.0.0.1\n");
      assertThatThrownBy(() -> resolver(server).lookup(name, seconds(5)))
          .hasMessage("lookup " + name + ": no such host");
      assertThat(server.asked()).isEmpty();
    }
  }

  @Test
  void shouldNotGoOnBeyondItsDeadline() throws Exception {
    try (NameServer server = NameServer.start("127.0.0.1", 0).otherwise(Behaviour.SILENT)) {
      write("resolv.conf", Configuration.SEARCHES_FIRST.content.replace("SERVER", "127.0.0.1"));
      assertThatThrownBy(() -> resolver(server).lookup("api", Deadline.in(Duration.ofMillis(300))))
          .hasMessage("lookup api on 127.0.0.1:" + server.port() + ": i/o timeout");
    }
  }

  private void write(String file, String content) throws IOException {
    Path etc = Files.createDirectories(root.resolve("etc"));
    Files.writeString(etc.resolve(file), content);
  }

  private Resolver resolver(NameServer server) {
    return new Resolver(LINUX, root.toString(), server.port());
  }

  private static Deadline seconds(int seconds) {
    return Deadline.in(Duration.ofSeconds(seconds));
  }
}
