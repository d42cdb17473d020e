package com.circleci.runnerinit.task.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.NativeBlock;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OutputTailTest {
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

  private static String kept(String output, int piece) {
    OutputTail tail = new OutputTail();
    byte[] bytes = output.getBytes(StandardCharsets.UTF_8);
    for (int at = 0; at < bytes.length; at += piece) {
      int length = Math.min(piece, bytes.length - at);
      tail.append(new NativeBlock(0, ByteBuffer.wrap(bytes, at, length).slice()), length);
    }
    return tail.text();
  }
}
