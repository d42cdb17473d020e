package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/** By which other threads hand events to the event loop, and wake it. */
final class Mailbox {
  private final Kernel kernel;
  private final int wakeup;
  private final NativeBlock count;
  private final Queue<Event> events = new ConcurrentLinkedQueue<>();

  Mailbox(Kernel kernel) throws KernelException {
    this.kernel = requireNonNull(kernel, "kernel is null");
    wakeup = kernel.descriptors().openWakeup();
    count = kernel.memory().allocate(Long.BYTES);
  }

  /** Readable when there may be an event. */
  int descriptor() {
    return wakeup;
  }

  void post(Event event) {
    events.add(event);
    kernel.descriptors().wake(wakeup);
  }

  void take(Consumer<Event> consumer) {
    try {
      kernel.descriptors().read(wakeup, count);
    } catch (KernelException e) {
      // EAGAIN: the wake-up was for events that were taken before.
    }
    Event event;
    while ((event = events.poll()) != null) {
      consumer.accept(event);
    }
  }
}
