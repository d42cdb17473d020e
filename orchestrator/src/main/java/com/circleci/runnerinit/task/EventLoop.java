package com.circleci.runnerinit.task;

import static com.circleci.runnerinit.linux.Signals.SIGCHLD;
import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.health.HealthServer;
import com.circleci.runnerinit.health.ListenAddress;
import com.circleci.runnerinit.linux.ExitStatus;
import com.circleci.runnerinit.linux.Interest;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogEvent;
import com.circleci.runnerinit.task.process.FileWatch;
import com.circleci.runnerinit.task.resources.MemoryWatch;
import com.circleci.runnerinit.task.resources.Resources;
import com.circleci.runnerinit.task.resources.StartPages;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;

/**
 * The one thread of control: turns what the kernel and other threads tell into events, lets the
 * orchestrator decide, and does what it decided.
 */
final class EventLoop {
  private final Kernel kernel;
  private final Orchestrator orchestrator;
  private final TaskProcesses processes;
  private final Resources resources;
  private final Reports reports;
  private final TaskStatus status;
  private final Narrator narrator;
  private final TerminationLog terminationLog;
  private final EventLog log;
  private final ListenAddress healthAddress;
  private final String readinessFile;
  private final Mailbox mailbox;
  private final int signals;
  private final Timers timers = new Timers(System::nanoTime);
  private final StartPages startPages;
  private final Queue<Event> events;
  private Optional<ReadinessWait> readinessWait = Optional.empty();
  private Optional<Action.End> end = Optional.empty();

  /** What the kernel had killed by the time the agent ended. */
  private Optional<String> outOfMemory = Optional.empty();

  /** A file that is waited for, and the log line that will tell of it. */
  private record ReadinessWait(FileWatch watch, LogEvent line) {}

  EventLoop(
      Kernel kernel,
      Orchestrator orchestrator,
      TaskProcesses processes,
      Resources resources,
      Reports reports,
      TaskStatus status,
      EventLog log,
      ListenAddress healthAddress,
      String readinessFile,
      Mailbox mailbox,
      Queue<Event> events)
      throws KernelException {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.orchestrator = requireNonNull(orchestrator, "orchestrator is null");
    this.processes = requireNonNull(processes, "processes is null");
    this.resources = requireNonNull(resources, "resources is null");
    this.reports = requireNonNull(reports, "reports is null");
    this.status = requireNonNull(status, "status is null");
    this.log = requireNonNull(log, "log is null");
    this.healthAddress = requireNonNull(healthAddress, "healthAddress is null");
    this.readinessFile = requireNonNull(readinessFile, "readinessFile is null");
    this.mailbox = requireNonNull(mailbox, "mailbox is null");
    this.events = requireNonNull(events, "events is null");
    narrator = new Narrator(log);
    terminationLog = new TerminationLog(kernel);
    startPages = new StartPages(kernel, System::nanoTime);
    signals = kernel.descriptors().openSignals();
  }

  Action.End run() throws KernelException {
    processes.adoptOrphans();
    events.add(new Event.Begun());
    decide();
    while (end.isEmpty()) {
      collect();
      decide();
    }
    narrator.tellEnd(end.get(), status.orphansReaped());
    return end.get();
  }

  private void decide() throws KernelException {
    Event event;
    while (end.isEmpty() && (event = events.poll()) != null) {
      if (event instanceof Event.Started(Role role)) {
        if (role == Role.AGENT) {
          resources.begin();
        }
        narrator.tellStarted(role);
      } else if (event instanceof Event.Exited(Role role, ExitStatus status)
          && role == Role.AGENT) {
        narrator.noteAgentExit(status);
        outOfMemory = OutOfMemory.describe(resources.oomKills(), resources.memoryLimit());
      }
      for (Action action : orchestrator.on(event)) {
        perform(action);
      }
      status.become(orchestrator.phase());
    }
  }

  private void collect() throws KernelException {
    List<Interest> interests = new ArrayList<>(4);
    interests.add(Interest.inReading(signals));
    interests.add(Interest.inReading(mailbox.descriptor()));
    processes.tokenDescriptor().ifPresent(feed -> interests.add(Interest.inWriting(feed)));
    readinessWait.ifPresent(wait ->
        wait.watch().descriptor().ifPresent(watch -> interests.add(Interest.inReading(watch))));

    status.beginWaiting();
    boolean[] ready = kernel.descriptors().poll(interests, waitingTime());
    status.beginWork();

    if (ready[1]) {
      mailbox.take(events::add);
    }
    int[] received = ready[0] ? kernel.descriptors().readSignals(signals) : new int[0];
    // First of all, since no signal can stop a task any more that has ended before it was read.
    processes.reap();
    for (int signal : received) {
      if (signal != SIGCHLD) {
        events.add(new Event.SignalReceived(signal));
      }
    }
    processes.feedToken();
    readinessWait.ifPresent(this::look);
    resources.memory().flatMap(MemoryWatch::look).ifPresent(narrator::tell);
    startPages.handBack();
    timers.takeEnded().ifPresent(timer -> events.add(new Event.TimerEnded(timer)));
  }

  private Optional<Duration> waitingTime() {
    if (processes.mustReapAgain()) {
      return Optional.of(Duration.ZERO);
    }
    Optional<Duration> time = timers.untilNext();
    time = sooner(time, startPages.untilTime());
    time = sooner(time, readinessWait.map(wait -> wait.watch().lookAgain()));
    return sooner(time, resources.memory().map(MemoryWatch::untilNextLook));
  }

  private static Optional<Duration> sooner(Optional<Duration> a, Optional<Duration> b) {
    return a.isPresent() && b.isPresent() && b.get().compareTo(a.get()) < 0 ? b : a.or(() -> b);
  }

  private void look(ReadinessWait wait) {
    if (wait.watch().look()) {
      narrator.tellReadinessFileExists(wait.line());
      wait.watch().close();
      readinessWait = Optional.empty();
      events.add(new Event.ReadinessFileExists());
    }
  }

  private void perform(Action action) throws KernelException {
    switch (action) {
      case Action.Listen() -> listen();
      case Action.ResolveUser() -> processes.resolveUser();
      case Action.Start(Role role) -> processes.start(role);
      case Action.BecomeReady() -> status.becomeReady();
      case Action.AwaitReadinessFile() -> awaitReadinessFile();
      case Action.StopAwaitingReadinessFile() -> stopAwaitingReadinessFile();
      case Action.SetTimer(Timer timer, Duration delay) -> timers.set(timer, delay);
      case Action.CancelTimer(Timer timer) -> timers.cancel(timer);
      case Action.SignalGroup(Role role, int signal) -> processes.signalGroup(role, signal);
      case Action.KillEverything() -> processes.killEverything();
      case Action.SumUp() -> narrator.tellTaskEnded(resources.use(), status.orphansReaped());
      case Action.DrainOutput() -> processes.drainOutput();
      case Action.Explain(Failure failure) -> terminationLog.write(failure.describe(evidence()));
      case Action.Unclaim() -> reports.unclaim();
      case Action.SendFail(Failure failure) -> reports.sendFail(failure.describe(evidence()));
      case Action.Log(Notice notice) -> narrator.tell(notice, evidence());
      case Action.End ended -> end = Optional.of(ended);
    }
  }

  private Evidence evidence() {
    return new Evidence(processes.agentOutput(), outOfMemory);
  }

  private void listen() {
    try {
      // It lives as long as the process, so that probes are answered until the very end.
      HealthServer.listen(kernel, healthAddress, status, log);
      events.add(new Event.Listening());
    } catch (IOException e) {
      events.add(
          new Event.ListenFailed(requireNonNull(e.getMessage(), "an exception without a message")));
    }
  }

  private void awaitReadinessFile() {
    ReadinessWait wait =
        new ReadinessWait(new FileWatch(kernel, readinessFile), narrator.beginReadinessWait());
    readinessWait = Optional.of(wait);
    look(wait);
  }

  private void stopAwaitingReadinessFile() {
    readinessWait.ifPresent(wait -> {
      narrator.tellReadinessWaitEnded(wait.line());
      wait.watch().close();
    });
    readinessWait = Optional.empty();
  }
}
