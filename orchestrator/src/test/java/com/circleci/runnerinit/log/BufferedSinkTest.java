package com.circleci.runnerinit.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.SimulatedKernel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class BufferedSinkTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final SimulatedKernel kernel =
      new SimulatedKernel().world(world -> assertThat(world.passTime()).as("goes on").isTrue());

  @Test
  void shouldWriteAllThatIsThereBeforeItReturnsFromAFlush() {
    kernel.run(() -> {
      BufferedSink sink = sink();
      for (int i = 0; i < 1000; i++) {
        sink.write(bytes(i + "\n"));
      }
      sink.flush(LIMIT);
    });

    assertThat(written()).hasSize(1000).endsWith("999");
  }

  @Test
  void shouldNeverBlockWhenNobodyReadsAndTellWhatWasDropped() {
    kernel.blockOutput(true);
    kernel.run(() -> {
      BufferedSink sink = sink();
      for (int i = 0; i < 2000; i++) {
        sink.write(bytes("x".repeat(1023) + "\n"));
      }
      kernel.blockOutput(false);
      sink.flush(LIMIT);
    });

    assertThat(written().size()).isBetween(1000, 1999);
    assertThat(written()).last().isEqualTo("dropped " + (2000 - (written().size() - 1)));
  }

  @Test
  void shouldGiveUpAFlushWhenItsTimeIsOver() {
    long begin = kernel.nanos();
    kernel.blockOutput(true);
    kernel.run(() -> {
      BufferedSink sink = sink();
      sink.write(bytes("x\n"));
      sink.flush(LIMIT);
    });

    assertThat(kernel.nanos() - begin).isEqualTo(LIMIT.toNanos());
    assertThat(written()).isEmpty();
  }

  @Test
  void shouldWriteLongLinesWholeThoughTheReaderIsLate() {
    String longest = "x".repeat(EventLog.MAX_LINE_BYTES - 1);
    kernel.blockOutput(true);
    kernel.run(() -> {
      BufferedSink sink = sink();
      sink.write(bytes(longest + "\n"));
      sink.write(bytes(longest + "\n"));
      kernel.blockOutput(false);
      sink.flush(LIMIT);
    });

    assertThat(written()).containsExactly(longest, longest);
  }

  @Test
  void shouldWriteAtOnceWhereNoThreadIsToBeHad() {
    kernel.refuseThreads();
    kernel.run(() -> sink().write(bytes("x\n")));

    assertThat(written()).containsExactly("x");
  }

  @Test
  void shouldWriteAtOnceWhereNothingCanBeWaitedFor() {
    kernel.refusals((call, _) -> call.equals("EVENTFD2") ? -Errno.EMFILE : 0);
    kernel.run(() -> sink().write(bytes("x\n")));

    assertThat(written()).containsExactly("x");
  }

  @Test
  void shouldGoOnAfterALineThatCouldNotBeWritten() {
    kernel.refusals((call, count) -> call.equals("WRITE") && count == 1 ? -Errno.ENOSPC : 0);
    kernel.run(() -> {
      BufferedSink sink = sink();
      sink.write(bytes("lost\n"));
      sink.flush(LIMIT);
      sink.write(bytes("written\n"));
      sink.flush(LIMIT);
    });

    assertThat(written()).containsExactly("written");
  }

  @Test
  void shouldHaveWhoeverHasALineWriteItOnceItsThreadMayNotWait() {
    kernel.refusals((call, _) -> call.equals("READ") ? -Errno.EPERM : 0);
    kernel.run(() -> {
      BufferedSink sink = sink();
      sink.write(bytes("first\n"));
      sink.flush(LIMIT);
      sink.write(bytes("second\n"));
    });

    assertThat(written()).containsExactly("first", "second");
  }

  private BufferedSink sink() {
    BufferedSink sink = new BufferedSink(Kernel.of(kernel), 1);
    sink.start(lines -> sink.write(bytes("dropped " + lines + "\n")));
    return sink;
  }

  private List<String> written() {
    return kernel.standardOutput().lines().toList();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
