package com.circleci.runnerinit.health;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.KernelException;
import java.io.IOException;
import java.net.InetAddress;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AcceptFailureTest {
  private final AtomicBoolean shortOfDescriptors = new AtomicBoolean();
  private final AtomicInteger failures = new AtomicInteger();
  private final CountDownLatch failedTwice = new CountDownLatch(2);
  private final AtomicLong nanos = new AtomicLong();
  private final AtomicBoolean timePasses = new AtomicBoolean();
  private final Lines lines = new Lines();
  private Binding binding;
  private ConnectionLoop loop;

  @BeforeEach
  void start() throws IOException {
    binding = Binding.listen(Served.KERNEL, ListenAddress.parse("127.0.0.1:0"));
    FaultLog faults = new FaultLog(lines.log(), this::now);
    loop =
        new ConnectionLoop(
            Served.KERNEL,
            binding.listener(),
            this::accept,
            new Answers(new FixedState(), faults),
            Limits.DEFAULT,
            faults,
            this::now);
    Thread.ofPlatform().daemon().start(loop);
  }

  @AfterEach
  void stop() {
    loop.stop();
  }

  @Test
  void shouldMakeRoomAndThenPauseBetweenTriesWhenDescriptorsRunOut() throws Exception {
    try (Client idle = connect()) {
      try (Client later = connect()) {
        assertThat(later.get("/live").status()).isEqualTo(200);
      }
      shortOfDescriptors.set(true);
      try (Client probe = connect()) {
        assertThat(idle.isEnded()).as("closed to make room").isTrue();
        failedTwice.await();

        shortOfDescriptors.set(false);
        timePasses.set(true);

        assertThat(probe.get("/live").status()).isEqualTo(200);
        assertThat(failures).as("one with a connection to close, one without").hasValue(2);
        assertThat(lines.all())
            .singleElement()
            .asString()
            .contains("health: accept failed")
            .contains("accept: too many open files");
      }
    }
  }

  /** The loop may begin its pause after the test has seen the failure: so time goes on passing. */
  private long now() {
    return timePasses.get() ? nanos.addAndGet(Limits.DEFAULT.acceptPause().toNanos()) : nanos.get();
  }

  private Client connect() throws IOException {
    return Client.connect(InetAddress.ofLiteral("127.0.0.1"), binding.port());
  }

  private OptionalInt accept() throws KernelException {
    if (shortOfDescriptors.get()) {
      failures.incrementAndGet();
      failedTwice.countDown();
      throw new KernelException("accept", Errno.EMFILE);
    }
    return Served.KERNEL.sockets().accept(binding.listener());
  }
}
