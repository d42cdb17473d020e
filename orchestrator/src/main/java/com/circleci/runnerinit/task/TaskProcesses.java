package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.linux.Credentials;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.Pipe;
import com.circleci.runnerinit.linux.Processes;
import com.circleci.runnerinit.linux.SpawnRequest;
import com.circleci.runnerinit.linux.WaitResult.Reaped;
import com.circleci.runnerinit.task.process.Descendants;
import com.circleci.runnerinit.task.process.InputFeed;
import com.circleci.runnerinit.task.process.OomScore;
import com.circleci.runnerinit.task.process.OutputPump;
import com.circleci.runnerinit.task.process.ProgramLookup;
import com.circleci.runnerinit.task.process.ProgramNotFoundException;
import com.circleci.runnerinit.task.process.Reaper;
import com.circleci.runnerinit.task.process.Spawner;
import com.circleci.runnerinit.task.process.TaskUser;
import com.circleci.runnerinit.task.process.UnknownUserException;
import com.circleci.runnerinit.task.process.UserDatabase;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** The processes of a task: starts, feeds, signals and reaps them, each answer an event. */
final class TaskProcesses {
  private static final int STANDARD_OUTPUT = 1;
  private static final int STANDARD_ERROR = 2;

  /** What is shorter is part of many words. */
  private static final int SHORTEST_SECRET = 8;

  private final Kernel kernel;
  private final Configuration configuration;
  private final Environment environment;
  private final TaskStatus status;
  private final Consumer<Event> events;
  private final Reaper reaper;
  private final Descendants descendants;
  private final Spawner spawner;
  private final Map<Role, Integer> pids = new EnumMap<>(Role.class);
  private final Map<Integer, Role> roles = new HashMap<>();
  private Optional<TaskUser> user = Optional.empty();
  private Optional<InputFeed> tokenFeed = Optional.empty();
  private Optional<OutputPump> agentErrors = Optional.empty();
  private boolean agentMayHaveRun;
  private boolean killing;
  private boolean reapAgain;

  TaskProcesses(
      Kernel kernel,
      Configuration configuration,
      Environment environment,
      TaskStatus status,
      Consumer<Event> events) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.configuration = requireNonNull(configuration, "configuration is null");
    this.environment = requireNonNull(environment, "environment is null");
    this.status = requireNonNull(status, "status is null");
    this.events = requireNonNull(events, "events is null");
    reaper = new Reaper(kernel);
    descendants = new Descendants(kernel);
    spawner = new Spawner(kernel, new OomScore(kernel));
  }

  /** Makes every orphan of the task come to this process. */
  void adoptOrphans() throws KernelException {
    if (!descendants.isInit()) {
      kernel.processes().becomeSubreaper();
    }
  }

  void resolveUser() {
    try {
      if (!configuration.user().isEmpty()) {
        user = Optional.of(new UserDatabase(kernel).find(configuration.user()));
      }
      events.accept(new Event.UserResolved());
    } catch (UnknownUserException e) {
      events.accept(new Event.StartFailed(Role.AGENT, reason(e)));
    }
  }

  void start(Role role) {
    try {
      int pid =
          switch (role) {
            case ENTRYPOINT -> startEntrypoint();
            case AGENT -> startAgent();
          };
      pids.put(role, pid);
      roles.put(pid, role);
      status.childStarted();
      events.accept(new Event.Started(role));
    } catch (KernelException | ProgramNotFoundException | IllegalArgumentException e) {
      events.accept(new Event.StartFailed(role, reason(e)));
    }
  }

  private int startEntrypoint() throws KernelException, ProgramNotFoundException {
    List<String> command = configuration.command();
    String path = new ProgramLookup(kernel, environment.get("PATH")).find(command.getFirst());
    int nothing = openNothing();
    try {
      return spawner.spawn(
          new SpawnRequest(
              path,
              command,
              environment.forChild(Map.of()),
              nothing,
              STANDARD_OUTPUT,
              STANDARD_ERROR,
              Optional.empty(),
              false),
          () -> {});
    } finally {
      kernel.descriptors().close(nothing);
    }
  }

  /** What ends at once when it is read: /dev/null, or in an image without one, an ended pipe. */
  private int openNothing() throws KernelException {
    try {
      return kernel.files().openForReading("/dev/null");
    } catch (KernelException e) {
      Pipe pipe = kernel.descriptors().openPipe();
      kernel.descriptors().close(pipe.writeEnd());
      return pipe.readEnd();
    }
  }

  private int startAgent() throws KernelException, ProgramNotFoundException {
    AgentCommand command = AgentCommand.of(configuration, kernel, environment);
    Map<String, String> variables = new HashMap<>(command.variables());
    user.map(TaskUser::environment).ifPresent(variables::putAll);

    Pipe input = kernel.descriptors().openPipe();
    Pipe errors;
    try {
      errors = kernel.descriptors().openPipe();
    } catch (KernelException e) {
      close(input);
      throw e;
    }
    byte[] token = configuration.token().reveal().getBytes(StandardCharsets.UTF_8);
    InputFeed feed = new InputFeed(kernel, input.writeEnd(), token);
    OutputPump pump = new OutputPump(kernel, errors.readEnd(), STANDARD_ERROR);
    // All that memory or a thread may be missing for comes before the task can run.
    pump.start();
    int pid;
    try {
      kernel.descriptors().setNonBlocking(input.writeEnd());
      pid =
          spawner.spawn(
              new SpawnRequest(
                  command.path(),
                  command.arguments(),
                  environment.forChild(variables),
                  input.readEnd(),
                  STANDARD_OUTPUT,
                  errors.writeEnd(),
                  credentials(),
                  true),
              () -> agentMayHaveRun = true);
    } catch (KernelException e) {
      agentMayHaveRun = false;
      feed.close();
      kernel.descriptors().close(input.readEnd());
      kernel.descriptors().close(errors.writeEnd());
      throw e;
    }
    kernel.descriptors().close(input.readEnd());
    kernel.descriptors().close(errors.writeEnd());

    agentErrors = Optional.of(pump);
    tokenFeed = Optional.of(feed);
    feedToken();
    return pid;
  }

  private Optional<Credentials> credentials() {
    // A process without privileges may well be the user already, and may not set what it is.
    return user.filter(wanted -> kernel.processes().userId() == 0 || !isOwn(wanted))
        .map(TaskUser::credentials);
  }

  private boolean isOwn(TaskUser wanted) {
    return wanted.uid() == kernel.processes().userId()
        && wanted.gid() == kernel.processes().groupId();
  }

  private void close(Pipe pipe) {
    kernel.descriptors().close(pipe.readEnd());
    kernel.descriptors().close(pipe.writeEnd());
  }

  /** Writable when more of the token can be handed over; empty when all of it was. */
  OptionalInt tokenDescriptor() {
    return tokenFeed.isPresent() && !tokenFeed.get().isDone()
        ? OptionalInt.of(tokenFeed.get().descriptor())
        : OptionalInt.empty();
  }

  void feedToken() {
    tokenFeed.filter(feed -> !feed.isDone()).ifPresent(InputFeed::write);
  }

  void signalGroup(Role role, int signal) {
    Integer group = pids.get(role);
    if (group != null && kernel.processes().kill(-group, signal) == Processes.Sent.DELIVERED) {
      status.signalForwarded(signal);
    }
  }

  void killEverything() throws KernelException {
    killing = true;
    descendants.kill();
    reap();
  }

  /** Whether a call of {@link #reap} stopped before all was reaped. */
  boolean mustReapAgain() {
    return reapAgain;
  }

  void reap() throws KernelException {
    Reaper.Batch batch = reaper.reap(this::reaped);
    reapAgain = batch.more();
    if (killing && !batch.left()) {
      killing = false;
      events.accept(new Event.ProcessesGone());
    } else if (killing && batch.reaped() > 0) {
      // What those had forked before they died has become ours meanwhile.
      descendants.kill();
    }
  }

  private void reaped(Reaped child) {
    Role role = roles.remove(child.pid());
    if (role == null) {
      status.orphanReaped();
      return;
    }
    status.childEnded();
    if (role == Role.AGENT) {
      tokenFeed.ifPresent(InputFeed::close);
    }
    events.accept(new Event.Exited(role, child.status()));
  }

  void drainOutput() {
    agentErrors.ifPresent(OutputPump::drain);
    events.accept(new Event.OutputDrained());
  }

  /** What was kept of the task agent's standard error, less the token should it be in there. */
  String agentOutput() {
    String output = agentErrors.map(pump -> pump.tail().text()).orElse("");
    String token = configuration.token().reveal();
    return token.length() < SHORTEST_SECRET ? output : output.replace(token, "REDACTED");
  }

  /** Whether the task may have run. */
  boolean hasStartedAgent() {
    return agentMayHaveRun;
  }

  private static String reason(Exception e) {
    return requireNonNull(e.getMessage(), "an exception without a message");
  }
}
