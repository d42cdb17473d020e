package com.circleci.runnerinit.lookup;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.linux.Credentials;
import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.ForeignSyscalls;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.SimulatedKernel;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class UserDatabaseTest {
  @TempDir private Path folder = Path.of("");
  private final Kernel kernel = Kernel.of(new ForeignSyscalls());

  @BeforeEach
  void writeDatabase() throws IOException {
    write(
        "passwd",
        """
        root:x:0:0:root:/root:/bin/sh
        broken:x:1
        build:x:1000:1001::/home/build:/bin/sh
        again:x:1000:1002::/home/again:/bin/sh
        homeless:x:1003:1003:::
        3434:x:77:77::/home/number:/bin/sh
        caf\u00e9:x:1004:1004::/home/\u00e9:/bin/sh
        """);
    write(
        "group",
        """
        root:x:0:
        broken:x
        docker:x:998:root,build
        video:x:44:build,again
        1001:x:55:
        """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "root|root|/root|0|0|998",
        "0|root|/root|0|0|998",
        "build|build|/home/build|1000|1001|44 998",
        "1000|build|/home/build|1000|1001|44 998", // the first of the two
        "build:docker|build|/home/build|1000|998|44",
        "build:7|build|/home/build|1000|7|44 998",
        "1000:7|build|/home/build|1000|7|44 998",
        "1000:docker|build|/home/build|1000|998|44",
        "54321:docker|54321|/|54321|998|",
        "54321:99|54321|/|54321|99|",
        "54321|54321|/|54321|0|",
        "2147483647:2147483647|2147483647|/|2147483647|2147483647|",
        "homeless|homeless|/|1003|1003|",
        "3434|3434|/|3434|0|", // a number is a uid, whoever is called so
        "build:1001|build|/home/build|1000|1001|44 998", // and a gid
        "00000000001000|build|/home/build|1000|1001|44 998",
      })
  void shouldTakeDockersGrammar(
      String user, String name, String home, long uid, long gid, String groups) throws Exception {
    TaskUser found = database().find(user);

    Set<Long> expected = new TreeSet<>(database().find("54321:" + gid).groups()); // the Pod's
    if (groups != null) {
      for (String group : groups.split(" ", -1)) {
        expected.add(Long.valueOf(group));
      }
    }
    assertThat(found).isEqualTo(new TaskUser(name, home, uid, gid, List.copyOf(expected)));
    assertThat(found.environment())
        .containsOnly(
            java.util.Map.entry("HOME", home),
            java.util.Map.entry("USER", name),
            java.util.Map.entry("LOGNAME", name));
  }

  @Test
  void shouldKeepTheBytesOfAHome() throws Exception {
    assertThat(database().find("1004").home()).isEqualTo("/home/\udce9");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nobody-knows|user: unknown user nobody-knows",
        "broken|user: unknown user broken",
        "-1|user: unknown user -1",
        "+1|user: unknown user +1",
        ":|user: unknown user :",
        ":docker|user: unknown user :docker",
        "build:|user: unknown group in build:",
        "1:|user: unknown group in 1:",
        "1:a:b|user: unknown group in 1:a:b",
        "build:nothing|user: unknown group in build:nothing",
        "build:broken|user: unknown group in build:broken",
        "build:-1|user: unknown group in build:-1",
        "2147483648|user: a uid or gid is at most 2147483647, but got 2147483648",
        "build:4294967296|user: a uid or gid is at most 2147483647, but got build:4294967296",
        "99999999999999999999|user: a uid or gid is at most 2147483647, but got"
            + " 99999999999999999999",
      })
  void shouldRefuseWhatIsNoUser(String user, String reason) {
    assertRefused(database(), user, reason);
  }

  @Test
  void shouldTakeAMissingDatabaseForAnEmptyOne() throws Exception {
    UserDatabase none = database("/none/passwd", "/none/group");

    assertThat(none.find("7").uid()).isEqualTo(7);
    assertRefused(none, "root", "user: unknown user root");
  }

  @ParameterizedTest
  @ValueSource(strings = {"fifo", "folder", "/dev/zero", "link"})
  void shouldRefuseADatabaseThatIsNoFileWithoutWaiting(String kind) throws Exception {
    Path file = folder.resolve(kind);
    switch (kind) {
      case "fifo" ->
          assertThat(new ProcessBuilder("/usr/bin/mkfifo", file.toString()).start().waitFor())
              .isZero();
      case "folder" -> Files.createDirectory(file);
      case "link" -> Files.createSymbolicLink(file, Path.of("/dev/zero"));
      default -> assertThat(file).exists();
    }

    String reason = "user: " + file + " is not a regular file";
    assertRefused(database(file.toString(), path("group")), "0", reason);
    assertRefused(database(path("passwd"), file.toString()), "build:docker", reason);
  }

  @Test
  void shouldReadADatabaseUpToABound() throws Exception {
    try (RandomAccessFile sparse = new RandomAccessFile(path("sparse"), "rw")) {
      sparse.setLength(1L << 30);
    }

    assertRefused(
        database(path("sparse"), path("group")),
        "nobody",
        "user: " + path("sparse") + " is larger than 16 MiB");
  }

  @Test
  void shouldPassOverALineThatIsLongerThanAnyEntry() throws Exception {
    write("passwd", "x".repeat(3_000_000) + "\nlast:x:5:5::/home:/bin/sh");

    assertThat(database().find("last").uid()).isEqualTo(5);
  }

  @Test
  void shouldNameTheFileThatCannotBeReadForNow() {
    for (String call : List.of("OPENAT", "READ", "FSTAT", "GETGROUPS")) {
      SimulatedKernel broken =
          new SimulatedKernel()
              .file("/etc/passwd", "a:x:1:1::/:")
              .refusals((made, _) -> made.equals(call) ? -Errno.ENFILE : 0);
      UserDatabase database = new UserDatabase(Kernel.of(broken));

      assertThatThrownBy(() -> database.find("a"))
          .isInstanceOf(LookupException.class)
          .hasMessageStartingWith("user: ")
          .hasMessageEndingWith(": too many open files in system");
      assertThat(broken.openDescriptors()).isZero();
    }
  }

  @Test
  void shouldChangeOnlyWhatIsNotAlreadySo() {
    TaskUser user = new TaskUser("a", "/", 0, 5, List.of(5L, 7L));
    Credentials ids = new Credentials(0, 5, Optional.empty());
    Credentials all = new Credentials(0, 5, Optional.of(List.of(5L, 7L)));

    assertThat(user.change(0, 5, List.of(7L, 5L))).isEmpty();
    assertThat(user.change(0, 5, List.of(7L))).isEmpty();
    assertThat(user.change(0, 5, List.of())).contains(all);
    assertThat(user.change(0, 5, List.of(5L, 7L, 8L))).contains(all);
    assertThat(user.change(0, 0, List.of(5L, 7L))).contains(ids);
    assertThat(user.change(0, 0, List.of(0L, 5L, 7L))).contains(all);
    assertThat(user.change(1, 5, List.of(5L, 7L))).contains(ids);
  }

  @Test
  void shouldLeaveTheGroupsOfAProcessThatMayNotSetThem() {
    TaskUser user = new TaskUser("a", "/", 1000, 5, List.of(5L, 7L));

    assertThat(user.change(1000, 5, List.of())).isEmpty();
    assertThat(user.change(1000, 6, List.of())).isPresent();
  }

  private UserDatabase database() {
    return database(path("passwd"), path("group"));
  }

  private UserDatabase database(String passwd, String group) {
    return new UserDatabase(kernel, passwd, group);
  }

  private String path(String file) {
    return folder.resolve(file).toString();
  }

  private void write(String file, String text) throws IOException {
    Files.write(folder.resolve(file), text.getBytes(ISO_8859_1));
  }

  private static void assertRefused(UserDatabase database, String user, String reason) {
    assertThatThrownBy(() -> database.find(user))
        .isInstanceOf(LookupException.class)
        .hasMessage(reason);
  }
}
