package com.circleci.runnerinit.task.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.NativeBlock;
import com.circleci.runnerinit.linux.SimulatedKernel;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OutputTailTest {
  private static final String SECRET = "token-0123456789-abcdefghij";

  /** Eight of its characters. */
  private static final String PIECE = "token-01|56789-ab|cdefghij";

  @Test
  void shouldKeepAShortOutputWhole() {
    assertThat(kept("a".repeat(160) + "b".repeat(160), 7))
        .isEqualTo("a".repeat(160) + "b".repeat(160));
  }

  @Test
  void shouldLeaveOutTheMiddleOfALongOne() {
    String output = "a".repeat(160) + "-".repeat(500) + "b".repeat(160);

    assertThat(kept(output, 4096))
        .isEqualTo("a".repeat(160) + "\n... omitting 500 bytes ...\n" + "b".repeat(160));
  }

  @Test
  void shouldNotDependOnHowTheOutputCame() {
    Random random = new Random(1);
    StringBuilder output = new StringBuilder();
    for (int i = 0; i < 3000; i++) {
      output.append((char) ('a' + random.nextInt(26)));
    }
    String whole = kept(output.toString(), 4096);

    for (int piece : new int[] {1, 2, 159, 160, 161, 319, 320, 321, 1000}) {
      assertThat(kept(output.toString(), piece)).isEqualTo(whole);
    }
  }

  @Test
  void shouldTakeTheSecretOutBeforeItCuts() {
    String output = "a".repeat(140) + SECRET + "b".repeat(400);

    assertThat(kept(output, 4096))
        .isEqualTo(
            "a".repeat(140)
                + "REDACTED"
                + "b".repeat(12)
                + "\n... omitting 228 bytes ...\n"
                + "b".repeat(160));
  }

  @Test
  void shouldLeaveNoPieceOfTheSecretWhereverItStandsAndHoweverItCame() {
    for (int before = 0; before < 700; before += 7) {
      for (int piece : new int[] {1, 5, 17, SECRET.length(), 4096}) {
        String output = ".".repeat(before) + SECRET + SECRET + ".".repeat(700 - before) + SECRET;

        assertThat(kept(output, piece)).doesNotContainPattern(PIECE);
      }
    }
  }

  @Test
  void shouldTakeOutTheBeginningOfASecretThatBreaksOff() {
    assertThat(kept("x" + SECRET.substring(0, 20), 3)).isEqualTo("xREDACTED");
    assertThat(kept("x" + SECRET.substring(0, 20) + "y", 3)).isEqualTo("xREDACTEDy");
    assertThat(kept("x" + SECRET.substring(0, 7) + "y", 3))
        .isEqualTo("x" + SECRET.substring(0, 7) + "y");
  }

  @Test
  void shouldFindASecretThatBeginsWithinItsOwnBeginning() {
    OutputTail tail = new OutputTail("aaaaaaab".getBytes(StandardCharsets.UTF_8));
    append(tail, "aaaaaaaaaab", 11);

    assertThat(tail.text()).isEqualTo("aaaREDACTED");
  }

  @Test
  void shouldKeepAWordThatIsTooShortToBeASecret() {
    OutputTail tail = new OutputTail("short".getBytes(StandardCharsets.UTF_8));
    append(tail, "a short text", 4);

    assertThat(tail.text()).isEqualTo("a short text");
  }

  private static String kept(String output, int piece) {
    OutputTail tail = new OutputTail(SECRET.getBytes(StandardCharsets.UTF_8));
    append(tail, output, piece);
    return tail.text();
  }

  private static void append(OutputTail tail, String output, int piece) {
    byte[] bytes = output.getBytes(StandardCharsets.UTF_8);
    for (int at = 0; at < bytes.length; at += piece) {
      int length = Math.min(piece, bytes.length - at);
      NativeBlock block = new SimulatedKernel().allocate(length);
      block.bytes().put(0, bytes, at, length);
      tail.append(block, length);
    }
  }
}
