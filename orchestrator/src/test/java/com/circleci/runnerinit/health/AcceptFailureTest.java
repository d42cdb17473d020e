package com.circleci.runnerinit.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.clients.runner.testing.CapturedLog;
import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.RefusingSyscalls;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AcceptFailureTest {
  private final AtomicBoolean shortOfDescriptors = new AtomicBoolean();
  private final AtomicInteger failures = new AtomicInteger();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final CountDownLatch resting = new CountDownLatch(1);
  private final CountDownLatch rested = new CountDownLatch(1);
  private final CapturedLog lines = new CapturedLog();

  @BeforeEach
  void start() throws IOException {
    Kernel kernel =
        Kernel.of(
            new RefusingSyscalls(this::refuse) {
              @Override
              public void pause(Duration time) {
                assertThat(time).isEqualTo(Duration.ofMillis(20));
                resting.countDown();
                awaitRested();
              }
            });
    HealthServer.start(kernel, ListenAddress.parse("127.0.0.1:0"), new FixedState(), lines.log());
  }

  @AfterEach
  void stop() {
    rested.countDown();
  }

  @Test
  void shouldMakeRoomAndThenPauseBetweenTriesWhenDescriptorsRunOut() throws Exception {
    try (Client idle = connect()) {
      try (Client later = connect()) {
        assertThat(later.get("/live").status()).isEqualTo(200);
      }
      closed.await();
      shortOfDescriptors.set(true);
      try (Client probe = connect()) {
        assertThat(idle.isEnded()).as("closed to make room").isTrue();
        resting.await();

        shortOfDescriptors.set(false);
        rested.countDown();

        assertThat(probe.get("/live").status()).isEqualTo(200);
        assertThat(failures).as("one with a connection to close, one without").hasValue(2);
        assertThat(lines.lines()).hasSize(2);
        assertThat(lines.lines().getLast())
            .contains("health: accept failed")
            .contains("accept: too many open files");
      }
    }
  }

  private Client connect() throws IOException {
    return Client.connect(InetAddress.ofLiteral("127.0.0.1"), lines.port());
  }

  private long refuse(String call, int count) {
    if (call.equals("CLOSE")) {
      closed.countDown();
    }
    if (!call.equals("ACCEPT4") || !shortOfDescriptors.get()) {
      return 0;
    }
    failures.incrementAndGet();
    return -Errno.EMFILE;
  }

  private void awaitRested() {
    try {
      rested.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
