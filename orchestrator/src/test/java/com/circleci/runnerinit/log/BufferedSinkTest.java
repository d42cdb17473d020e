package com.circleci.runnerinit.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class BufferedSinkTest {
  private final List<String> written = new CopyOnWriteArrayList<>();
  private final CountDownLatch read = new CountDownLatch(1);

  @Test
  void shouldWriteAllThatIsThereBeforeItReturnsFromAFlush() {
    read.countDown();
    BufferedSink sink = sink();
    for (int i = 0; i < 1000; i++) {
      sink.write((i + "\n").getBytes(StandardCharsets.UTF_8));
    }

    sink.flush(Duration.ofSeconds(10));

    assertThat(written).hasSize(1000).endsWith("999\n");
  }

  @Test
  void shouldNeverBlockWhenNobodyReadsAndTellWhatWasDropped() {
    BufferedSink sink = sink();
    byte[] line = "x".repeat(1024).getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 1000; i++) {
      sink.write(line);
    }

    read.countDown();
    sink.flush(Duration.ofSeconds(10));

    assertThat(written.size()).isLessThan(1000);
    int dropped = 1000 - (written.size() - 1);
    assertThat(written).last().isEqualTo("dropped " + dropped);
  }

  @Test
  void shouldGiveUpAFlushWhenItsTimeIsOver() {
    BufferedSink sink = sink();
    sink.write(new byte[] {'x'});

    sink.flush(Duration.ofMillis(10));

    assertThat(written).isEmpty();
    read.countDown();
  }

  private BufferedSink sink() {
    BufferedSink sink =
        new BufferedSink(line -> {
          awaitReader();
          written.add(new String(line, StandardCharsets.UTF_8));
        });
    sink.start(lines -> sink.write(("dropped " + lines).getBytes(StandardCharsets.UTF_8)));
    return sink;
  }

  private void awaitReader() {
    try {
      assertThat(read.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
