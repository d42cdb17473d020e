package com.circleci.runnerinit.acceptance;

import static com.circleci.runnerinit.testing.Route.UNCLAIM;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.InAContainer;
import com.circleci.runnerinit.acceptance.harness.RootFolder;
import com.circleci.runnerinit.acceptance.harness.Scenario;
import com.circleci.runnerinit.testing.Call;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of the image that are not what they should be. */
@InAContainer
class HostileImageTest {
  private static final int HEADER_BYTES = 44;

  enum Trap {
    FIFO {
      @Override
      void lay(RootFolder root, String at) {
        root.fifo(at);
      }
    },
    DEVICE {
      @Override
      void lay(RootFolder root, String at) {
        root.devices().folder("/etc").link(at, "/dev/zero");
      }
    },
    HUGE {
      @Override
      void lay(RootFolder root, String at) throws IOException {
        root.file(at, "");
        try (var file = new RandomAccessFile(root.path(at).toFile(), "rw")) {
          file.setLength(1_000_000_000);
        }
      }
    };

    abstract void lay(RootFolder root, String at) throws IOException;
  }

  /** A JVM looks for its user's name there before it runs anything. */
  @ParameterizedTest
  @EnumSource
  @Tag("image")
  void shouldHandTheTaskBackWhenTheUsersAreATrap(Trap trap, Scenario given) throws IOException {
    trap.lay(given.root(), "/etc/passwd");
    given.config().set("user", "circleci");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.api().calls()).extracting(Call::path).containsExactly(UNCLAIM.path());
  }

  @ParameterizedTest
  @EnumSource
  void shouldNotBeHeldUpByGroupsThatAreATrap(Trap trap, Scenario given) throws IOException {
    given.root().file("/etc/passwd", "circleci:x:3434:3434::/home/circleci:/bin/sh\n");
    trap.lay(given.root(), "/etc/group");
    given.config().set("user", "circleci");

    assertThat(given.runTask().exitCode()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void shouldNotBeHeldUpByATimeZoneThatIsATrap(Trap trap, Scenario given) throws IOException {
    trap.lay(given.root(), "/etc/localtime");

    assertThat(given.runTask().exitCode()).isZero();
  }

  /** It promises more than any file holds: tzfile(5). */
  @ParameterizedTest
  @ValueSource(strings = {"", "/etc/localtime", ":/etc/localtime"})
  void shouldRunTheTaskWithATimeZoneThatIsBroken(String variable, Scenario given)
      throws IOException {
    var zone = ByteBuffer.allocate(HEADER_BYTES + 100).put("TZif2".getBytes(US_ASCII));
    for (var at = 20; at < HEADER_BYTES; at += Integer.BYTES) {
      zone.putInt(at, Integer.MAX_VALUE);
    }
    given.root().folder("/etc");
    Files.write(given.root().path("/etc/localtime"), zone.array());
    if (!variable.isEmpty()) {
      given.environment("TZ", variable);
    }
    given.agent("touch=/out/ran");

    assertThat(given.runTask().exitCode()).isZero();

    assertThat(given.root().has("/out/ran")).isTrue();
  }
}
