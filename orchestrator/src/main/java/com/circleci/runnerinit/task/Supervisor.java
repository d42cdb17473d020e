package com.circleci.runnerinit.task;

import static com.circleci.runnerinit.linux.Signals.SIGCHLD;
import static com.circleci.runnerinit.linux.Signals.SIGCONT;
import static com.circleci.runnerinit.linux.Signals.SIGINT;
import static com.circleci.runnerinit.linux.Signals.SIGTERM;

import com.circleci.runnerinit.linux.ExitStatus;
import com.circleci.runnerinit.linux.Interest;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.Processes.Sent;
import com.circleci.runnerinit.linux.SpawnRequest;
import com.circleci.runnerinit.linux.WaitResult;
import com.circleci.runnerinit.task.process.Chore;
import com.circleci.runnerinit.task.process.Descendants;
import com.circleci.runnerinit.task.process.Spawner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The one place that waits: for signals, for children and for time. While the flow waits here,
 * orphans are reaped, signals are passed on and chores go on; it returns with what the flow has to
 * decide upon, one at a time.
 */
final class Supervisor {
  /** After so many, signals and time limits have their turn. */
  private static final int REAPED_A_TURN = 256;

  /** No limit. */
  static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE / 2);

  /** How often to look for what was not killed the last time. */
  private static final Duration KILL_AGAIN = Duration.ofMillis(100);

  /** How often to look where poll(2) is forbidden. */
  private static final Duration WITHOUT_POLL = Duration.ofMillis(10);

  private final Kernel kernel;
  private final TaskStatus status;
  private final Set<Integer> stopSignals;
  private final Spawner spawner;
  private final Descendants descendants;
  private final int signals;
  private final int wakeup;
  private final List<Child> running = new ArrayList<>();
  private final List<Chore> chores = new ArrayList<>();
  private int stops;
  private int stopSignal;
  private boolean reapAgain;
  private boolean noneIsLeft;

  /** Something that supervision can't do without was refused: what is left is to end the task. */
  private boolean crippled;

  private boolean goesOnAnyhow;

  /** Why a wait is over. */
  enum Wake {
    DONE,
    /** SIGTERM, or a signal that means the same, has come. */
    STOP,
    LATE
  }

  /** A child, which leads a process group of its own. */
  final class Child {
    private final int id;
    private final Consumer<ExitStatus> whenEnded;
    private Optional<ExitStatus> exit = Optional.empty();

    private Child(int id, Consumer<ExitStatus> whenEnded) {
      this.id = id;
      this.whenEnded = whenEnded;
    }

    Optional<ExitStatus> exit() {
      return exit;
    }

    boolean hasExited() {
      return exit.isPresent();
    }

    /** Sends a signal to the group, which may outlive its leader. */
    void signal(int signal) {
      if (kernel.processes().kill(-id, signal) == Sent.DELIVERED) {
        status.signalForwarded(signal);
      }
    }

    /** Sends a signal that asks to end, which a stopped process would never see. */
    void stop(int signal) {
      signal(signal);
      kernel.processes().kill(-id, SIGCONT);
    }
  }

  private Supervisor(
      Kernel kernel,
      TaskStatus status,
      Set<Integer> stopSignals,
      int signals,
      int wakeup,
      Spawner spawner) {
    this.kernel = kernel;
    this.status = status;
    this.stopSignals = stopSignals;
    this.signals = signals;
    this.wakeup = wakeup;
    this.spawner = spawner;
    descendants = new Descendants(kernel);
  }

  /**
   * Has signals come to this process.
   *
   * @param stopSignals those that mean what SIGTERM and SIGINT mean
   */
  static Supervisor open(Kernel kernel, TaskStatus status, Set<Integer> stopSignals)
      throws KernelException {
    int signals = kernel.descriptors().openSignals();
    int wakeup = kernel.descriptors().openWakeup(false);
    return new Supervisor(kernel, status, stopSignals, signals, wakeup, Spawner.open(kernel));
  }

  /** Has orphans come to this process, and its secrets stay with it. */
  void begin() throws KernelException {
    // From here on, no core holds the token, and no process of the same user can read our memory.
    kernel.processes().forbidDumps();
    descendants.adoptOrphans();
  }

  /** Makes a wait look again. Safe for any thread. */
  void wake() {
    kernel.descriptors().wake(wakeup);
  }

  /** Has something go on while the flow waits, until it is dismissed. */
  <T extends Chore> T add(T chore) {
    chores.add(chore);
    return chore;
  }

  void dismiss(Chore chore) {
    chores.remove(chore);
  }

  /**
   * Starts a child.
   *
   * @param whenEnded told of its exit, before the flow is
   */
  Child start(SpawnRequest request, Runnable last, Consumer<ExitStatus> whenEnded)
      throws KernelException {
    Child child = new Child(spawner.spawn(request, last), whenEnded);
    running.add(child);
    noneIsLeft = false;
    status.childStarted();
    return child;
  }

  /** The signal of the first stop that was taken. */
  int stopSignal() {
    return stopSignal;
  }

  /** Whether to stop has been asked for by now. Takes that stop. */
  boolean isStopAsked() throws KernelException {
    return await(Duration.ZERO, () -> false) == Wake.STOP;
  }

  /**
   * Waits until something is done, a stop is asked for or the time is over, whichever comes first;
   * in case of doubt, in this order. A stop is told once.
   */
  Wake await(Duration limit, BooleanSupplier done) throws KernelException {
    return await(limit, done, true);
  }

  /** The same, when a stop would change nothing any more. */
  Wake awaitUnstoppable(Duration limit, BooleanSupplier done) throws KernelException {
    return await(limit, done, false);
  }

  private Wake await(Duration limit, BooleanSupplier done, boolean stoppable)
      throws KernelException {
    long begin = kernel.clock().nanos();
    long left = limit.toNanos();
    do {
      turn(done.getAsBoolean() ? 0 : left);
      left = limit.toNanos() - (kernel.clock().nanos() - begin);
      if (done.getAsBoolean()) {
        return Wake.DONE;
      }
      if (stops > 0 && stoppable) {
        stops--;
        return Wake.STOP;
      }
    } while (left > 0);
    return Wake.LATE;
  }

  /**
   * Kills every descendant, until none is left.
   *
   * @return why some are; empty: none is
   */
  Optional<String> killAll(Duration limit) throws KernelException {
    descendants.kill();
    reap();
    long begin = kernel.clock().nanos();
    while (!noneIsLeft && kernel.clock().nanos() - begin < limit.toNanos()) {
      awaitUnstoppable(KILL_AGAIN, () -> noneIsLeft);
      // What those had forked before they died may have become ours meanwhile.
      if (!noneIsLeft && descendants.killEach() == Sent.REFUSED) {
        return Optional.of(
            "some process may not be killed: operation not permitted (CAP_KILL is missing)");
      }
    }
    return noneIsLeft
        ? Optional.empty()
        : Optional.of("some process did not die of SIGKILL in time");
  }

  /** Waits for whatever comes first, and does all that can be done then, the urgent before all. */
  private void turn(long mostNanos) throws KernelException {
    int[] received = waitForNews(mostNanos);
    // First of all, since no signal can stop a task any more that has ended before it was read.
    reap();
    for (int signal : received) {
      take(signal);
    }
    for (Chore chore : List.copyOf(chores)) {
      chore.turn();
    }
  }

  /** Returns the signals that have come. */
  private int[] waitForNews(long mostNanos) throws KernelException {
    List<Interest> interests = new ArrayList<>();
    interests.add(Interest.inReading(signals));
    interests.add(Interest.inReading(wakeup));
    long nanos = reapAgain ? 0 : mostNanos;
    for (Chore chore : chores) {
      chore.interest().ifPresent(interests::add);
      nanos = Math.min(nanos, chore.dueIn());
    }
    if (crippled) {
      kernel.clock().pause(Duration.ofNanos(Math.min(nanos, WITHOUT_POLL.toNanos())));
      return new int[0];
    }
    status.beginWaiting();
    try {
      boolean[] ready = kernel.descriptors().poll(interests, Optional.of(Duration.ofNanos(nanos)));
      status.beginWork();
      if (ready[1]) {
        kernel.descriptors().forgetWakeups(wakeup);
      }
      return ready[0] ? kernel.descriptors().readSignals(signals) : new int[0];
    } catch (KernelException e) {
      cripple(e);
      return new int[0];
    }
  }

  /** From now on, what is refused is done without, as well as can be: the task has to be ended. */
  void goOnAnyhow() {
    goesOnAnyhow = true;
  }

  /** Something was refused without which there is no supervision. */
  private void cripple(KernelException refusal) throws KernelException {
    crippled = true;
    if (!goesOnAnyhow) {
      throw refusal;
    }
  }

  private void take(int signal) {
    if (signal == SIGTERM || signal == SIGINT || stopSignals.contains(signal)) {
      stopSignal = stopSignal == 0 ? signal : stopSignal;
      stops++;
    } else if (signal != SIGCHLD) {
      running.forEach(child -> child.signal(signal));
    }
  }

  private void reap() throws KernelException {
    int reaped = 0;
    reapAgain = true;
    while (reapAgain && reaped < REAPED_A_TURN) {
      switch (waitForAnyChild()) {
        case WaitResult.Reaped child -> {
          reaped++;
          account(child);
        }
        case WaitResult.AllRunning() -> reapAgain = false;
        case WaitResult.NoChildren() -> {
          reapAgain = false;
          noneIsLeft = true;
        }
      }
    }
  }

  private WaitResult waitForAnyChild() throws KernelException {
    try {
      return kernel.processes().waitForAnyChild();
    } catch (KernelException e) {
      cripple(e);
      return new WaitResult.AllRunning();
    }
  }

  private void account(WaitResult.Reaped reaped) {
    for (Child child : running) {
      if (child.id == reaped.pid()) {
        running.remove(child);
        status.childEnded();
        child.exit = Optional.of(reaped.status());
        child.whenEnded.accept(reaped.status());
        return;
      }
    }
    status.orphanReaped();
  }
}
