package com.circleci.runnerinit.task;

import static com.circleci.runnerinit.linux.Signals.SIGINT;
import static com.circleci.runnerinit.linux.Signals.SIGKILL;
import static com.circleci.runnerinit.linux.Signals.SIGTERM;

import com.circleci.runnerinit.clients.runner.Reporter;
import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.health.HealthServer;
import com.circleci.runnerinit.health.Metrics.ApiCall;
import com.circleci.runnerinit.linux.CStrings;
import com.circleci.runnerinit.linux.Credentials;
import com.circleci.runnerinit.linux.ExitStatus;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.Pipe;
import com.circleci.runnerinit.linux.Processes;
import com.circleci.runnerinit.linux.Signals;
import com.circleci.runnerinit.linux.SpawnRequest;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogEvent;
import com.circleci.runnerinit.lookup.LookupException;
import com.circleci.runnerinit.lookup.ProgramLookup;
import com.circleci.runnerinit.lookup.TaskUser;
import com.circleci.runnerinit.lookup.UserDatabase;
import com.circleci.runnerinit.task.Supervisor.Child;
import com.circleci.runnerinit.task.Supervisor.Wake;
import com.circleci.runnerinit.task.process.FileWatch;
import com.circleci.runnerinit.task.process.InputFeed;
import com.circleci.runnerinit.task.process.OutputPump;
import com.circleci.runnerinit.task.process.OutputTail;
import com.circleci.runnerinit.task.resources.MemoryWatch;
import com.circleci.runnerinit.task.resources.Resources;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * One run of one task. {@link #run} is the whole of it: the steps that lead to the task's end, the
 * first failure of which is the task's, then its processes' end, then the report of the failure.
 */
public final class TaskRun {
  /** How long the service containers may take to become ready. */
  static final Duration READINESS_LIMIT = Duration.ofMinutes(10);

  /** From SIGTERM to SIGKILL, for a child that does not heed the first. */
  static final Duration KILL_DELAY = Duration.ofSeconds(2);

  /** How long a process may take to die of SIGKILL; one in uninterruptible sleep takes longer. */
  static final Duration DEATH_LIMIT = Duration.ofSeconds(2);

  /** How long a slow reader of our standard error may take with what is left of the agent's. */
  static final Duration DRAIN_LIMIT = Duration.ofSeconds(1);

  /** How long that may be silent, when some process that is not ours holds the agent's pipe. */
  static final Duration SILENCE_LIMIT = Duration.ofMillis(100);

  /** All calls to the runner API together. */
  static final Duration REPORT_LIMIT = Duration.ofSeconds(15);

  /** By how much a call to the runner API ends before its time, to say itself why it failed. */
  static final Duration REPORT_MARGIN = Duration.ofMillis(250);

  /** All that comes after a stop's grace period, for the sake of Kubernetes' limit of 30 s. */
  static final Duration END_LIMIT = Duration.ofSeconds(18);

  /** A TLS handshake is deeper than musl's default of 128 KiB. */
  private static final int REPORT_STACK_BYTES = 1024 * 1024;

  private static final Duration WITHOUT_SUPERVISION = Duration.ofMillis(10);
  private static final int STANDARD_OUTPUT = 1;
  private static final int STANDARD_ERROR = 2;
  private static final String TERMINATION_LOG = "/dev/termination-log";

  /** Kubernetes shows no more of the termination log. */
  private static final int TERMINATION_LOG_BYTES = 4096;

  private static final String RETRY_FAILED = "failed to retry task: ";
  private static final String FAIL_FAILED = "failed to send fail event for task: ";

  private static final String STILL_RUNNING =
      "error on shutdown: task agent process is still running, which could interrupt the task."
          + " Possible reasons include the Pod being evicted or deleted";

  private final Kernel kernel;
  private final Environment environment;
  private final EventLog log;
  private final Reporter reporter;
  private final TaskStatus status;
  private final Plan plan;
  private final Configuration configuration;
  private final OutputTail agentErrors;

  private Optional<Supervisor> supervisor = Optional.empty();
  private Optional<TaskUser> user = Optional.empty();
  private Optional<Child> entrypoint = Optional.empty();
  private Optional<Agent> agent = Optional.empty();
  private boolean agentMayHaveRun;
  private boolean endsEntrypoint;
  private boolean leftovers;

  /** When all has to be over, on the kernel's clock; it matters once a stop was asked for. */
  private long endBy = Long.MAX_VALUE;

  /** The task agent while it runs, and what belongs to it. */
  private record Agent(Child child, OutputPump errors, Resources resources, LogEvent line) {}

  /** A step of a run; its failure, if any, ends the task. */
  @FunctionalInterface
  private interface Step {
    Optional<Failure> take() throws KernelException;
  }

  @FunctionalInterface
  private interface Finish {
    void take() throws KernelException;
  }

  public TaskRun(
      Kernel kernel,
      Environment environment,
      EventLog log,
      Reporter reporter,
      Plan plan,
      String version,
      String buildDate) {
    this.kernel = kernel;
    this.environment = environment;
    this.log = log;
    this.reporter = reporter;
    this.plan = plan;
    configuration = plan.configuration();
    status = new TaskStatus(kernel.clock(), version, buildDate);
    byte[] token = configuration.token().reveal().getBytes(StandardCharsets.UTF_8);
    agentErrors = new OutputTail(token);
  }

  /** Runs the task to its end: the order of events of the contract. */
  public Outcome run() {
    LogEvent line = log.event("run-task");
    Optional<Failure> failure =
        firstFailureOf(
            this::superviseProcesses,
            this::checkConfiguration,
            this::listen,
            this::findUser,
            this::startEntrypoint,
            this::awaitServices,
            this::startAgent,
            this::awaitAgent);

    status.become("stopping");
    supervisor.ifPresent(Supervisor::goOnAnyhow);
    finish(this::stopEntrypoint);
    finish(this::killEverything);
    finish(this::sumUp);
    finish(this::drainErrors);

    status.become("reporting");
    Outcome outcome = failure.map(this::report).orElse(new Outcome.Handled());

    status.become("ended");
    close(line, outcome);
    return outcome;
  }

  /** The first failure is the task's: no step follows it. */
  private Optional<Failure> firstFailureOf(Step... steps) {
    Optional<Failure> failure = Optional.empty();
    for (Step step : steps) {
      failure = failure.or(() -> attempt(step));
    }
    return failure;
  }

  /** What goes wrong with this program itself is a failure like any other. */
  private Optional<Failure> attempt(Step step) {
    try {
      return step.take();
    } catch (KernelException e) {
      return Optional.of(ownFailure(LogEvent.inWords(e)));
    } catch (RuntimeException | Error e) {
      tell(e);
      return Optional.of(ownFailure(LogEvent.inWords(e)));
    }
  }

  /** What goes wrong with the end of a task does not keep it from its end. */
  private void finish(Finish step) {
    try {
      step.take();
    } catch (KernelException | RuntimeException | Error e) {
      tell(e);
    }
  }

  private void tell(Throwable fault) {
    log.event("orchestrator: internal error").fault(fault).write();
  }

  private Failure ownFailure(String reason) {
    return new Failure.OfTask("error in the orchestrator: " + reason, !agentMayHaveRun);
  }

  // --- the steps ---------------------------------------------------------------------------------

  /** Signals and orphans come to this process before anything else starts. */
  private Optional<Failure> superviseProcesses() throws KernelException {
    supervisor = Optional.of(Supervisor.open(kernel, status, plan.stopSignals()));
    supervisor().begin();
    supervisor().add(new StartPages(kernel));
    return Optional.empty();
  }

  private Supervisor supervisor() {
    return supervisor.orElseThrow();
  }

  private Optional<Failure> checkConfiguration() {
    return configuration
        .problem()
        .map(problem ->
            Failure.notRetryable(
                "error in the task configuration ($CIRCLECI_GOAT_CONFIG): " + problem));
  }

  /** It lives as long as the process, so that probes are answered until the very end. */
  private Optional<Failure> listen() {
    try {
      HealthServer.start(kernel, plan.healthAddress(), status, log);
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(Failure.retryable("failed to load health check API: " + e.getMessage()));
    }
  }

  private Optional<Failure> findUser() {
    if (configuration.user().isEmpty()) {
      return Optional.empty();
    }
    try {
      user = Optional.of(new UserDatabase(kernel).find(configuration.user()));
      return Optional.empty();
    } catch (LookupException e) {
      return Optional.of(agentNotStarted(e));
    }
  }

  private Optional<Failure> startEntrypoint() throws KernelException {
    if (supervisor().isStopAsked()) {
      return Optional.of(stoppedBeforeTheAgent());
    }
    List<String> command = configuration.command();
    if (command.isEmpty()) {
      return Optional.empty();
    }
    try {
      String path = ProgramLookup.find(kernel.files(), environment.get("PATH"), command.getFirst());
      int nothing = openNothing();
      try {
        SpawnRequest request =
            new SpawnRequest(
                path,
                command,
                environment.forChild(Map.of()),
                nothing,
                STANDARD_OUTPUT,
                STANDARD_ERROR,
                Optional.empty(),
                false);
        entrypoint = Optional.of(supervisor().start(request, () -> {}, this::entrypointEnded));
      } finally {
        kernel.descriptors().close(nothing);
      }
      log.event("custom entrypoint started").write();
      return Optional.empty();
    } catch (KernelException | LookupException e) {
      return Optional.of(
          Failure.notRetryable(
              "error starting custom entrypoint ["
                  + String.join(" ", command)
                  + "]: "
                  + e.getMessage()));
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

  private void entrypointEnded(ExitStatus exit) {
    if (!endsEntrypoint) {
      log.event("custom entrypoint ended before the task").with("status", exit).write();
    }
  }

  private Optional<Failure> awaitServices() throws KernelException {
    status.becomeReady();
    if (configuration.readinessFile().isEmpty()) {
      return Optional.empty();
    }
    status.become("awaiting_readiness");
    LogEvent line = log.event("orchestrator: wait-for-readiness");
    try (FileWatch file = FileWatch.begin(kernel, configuration.readinessFile())) {
      supervisor().add(file);
      Wake wake = supervisor().await(READINESS_LIMIT, file::exists);
      supervisor().dismiss(file);
      return switch (wake) {
        case DONE -> {
          line.with("ready", true).success().write();
          yield Optional.empty();
        }
        case STOP -> {
          line.with("ready", false).write();
          announceStop(Duration.ZERO);
          yield Optional.of(servicesNotReady("interrupted by signal: " + stopSignal()));
        }
        case LATE -> {
          line.with("ready", false).write();
          yield Optional.of(
              servicesNotReady(
                  "the readiness file did not appear within " + READINESS_LIMIT.toMinutes() + "m"));
        }
      };
    } finally {
      status.become("starting");
    }
  }

  private static Failure servicesNotReady(String reason) {
    return Failure.retryable("error waiting for service containers to become ready: " + reason);
  }

  private Optional<Failure> startAgent() throws KernelException {
    try {
      AgentCommand command = AgentCommand.of(configuration, kernel.files(), environment);
      Pipe input = kernel.descriptors().openPipe();
      try {
        Pipe errors = kernel.descriptors().openPipe();
        try {
          return startAgent(command, input, errors);
        } finally {
          kernel.descriptors().close(errors.writeEnd());
        }
      } finally {
        kernel.descriptors().close(input.readEnd());
      }
    } catch (KernelException | LookupException e) {
      return Optional.of(agentNotStarted(e));
    }
  }

  /** All that memory, a descriptor or a thread may be missing for comes before the task can run. */
  private Optional<Failure> startAgent(AgentCommand command, Pipe input, Pipe errors)
      throws KernelException {
    byte[] token = configuration.token().reveal().getBytes(StandardCharsets.UTF_8);
    InputFeed feed = new InputFeed(kernel, input.writeEnd(), token);
    OutputPump pump =
        new OutputPump(
            kernel, errors.readEnd(), STANDARD_ERROR, agentErrors, supervisor()::wake, this::tell);
    pump.start();
    try {
      kernel.descriptors().setNonBlocking(input.writeEnd());
      Map<String, String> variables = new HashMap<>(Map.of("PATH", command.searchPath()));
      user.map(TaskUser::environment).ifPresent(variables::putAll);
      SpawnRequest request =
          new SpawnRequest(
              command.path(),
              command.arguments(),
              environment.forChild(variables),
              input.readEnd(),
              STANDARD_OUTPUT,
              errors.writeEnd(),
              credentials(),
              true);
      Resources resources = new Resources(kernel);
      if (supervisor().isStopAsked()) {
        feed.close();
        return Optional.of(stoppedBeforeTheAgent());
      }
      LogEvent line = log.event("task ended");
      Child child =
          supervisor()
              .start(
                  request,
                  () -> agentMayHaveRun = true,
                  exit -> {
                    feed.close();
                    line.with("exit", exit).with("duration_seconds", seconds(line.age()));
                  });
      log.event("task agent started").write();
      status.become("running");
      agent = Optional.of(new Agent(child, pump, resources, line));
      supervisor().add(feed);
      supervisor().add(pump);
      resources.begin(this::warn).ifPresent(supervisor()::add);
      return Optional.empty();
    } catch (KernelException e) {
      feed.close();
      throw e;
    }
  }

  private Optional<Credentials> credentials() throws KernelException {
    Processes own = kernel.processes();
    return user.isEmpty()
        ? Optional.empty()
        : user.get().change(own.userId(), own.groupId(), own.groups());
  }

  /** A task that finishes within its grace period is judged as if no stop had come. */
  private Optional<Failure> awaitAgent() throws KernelException {
    Child child = agent().child();
    boolean stopped = supervisor().await(Supervisor.FOR_EVER, child::hasExited) == Wake.STOP;
    if (stopped && !finishesInTime(child)) {
      endAgent(child);
      return Optional.of(Failure.notRetryable(STILL_RUNNING));
    }
    // What the agent left in its group is no service that the entrypoint could need.
    child.signal(SIGKILL);
    ExitStatus exit = child.exit().orElseThrow();
    return exit.isSuccess()
        ? Optional.empty()
        : Optional.of(new Failure.OfAgent(exit, agent().resources().describeOomKills()));
  }

  private boolean finishesInTime(Child child) throws KernelException {
    announceStop(plan.shutdownDelay());
    if (plan.signalPolicy() == SignalPolicy.FORWARD) {
      child.stop(supervisor().stopSignal() == SIGINT ? SIGINT : SIGTERM);
    }
    Wake wake = supervisor().await(plan.shutdownDelay(), child::hasExited);
    if (wake == Wake.LATE) {
      wake = supervisor().await(plan.gracePeriod(), child::hasExited);
    }
    switch (wake) {
      case DONE -> {}
      case STOP -> log.event("termination grace period is cut short").write();
      case LATE -> log.event("termination grace period is over").write();
    }
    return wake == Wake.DONE;
  }

  private void endAgent(Child child) throws KernelException {
    child.stop(SIGTERM);
    supervisor().awaitUnstoppable(KILL_DELAY, child::hasExited);
    child.signal(SIGKILL);
    supervisor().awaitUnstoppable(DEATH_LIMIT, child::hasExited);
  }

  private Agent agent() {
    return agent.orElseThrow();
  }

  private void warn(MemoryWatch.Shortage shortage) {
    LogEvent line =
        log.event("memory is nearly used up")
            .with("memory_in_use_bytes", shortage.inUse())
            .with("memory_limit_bytes", shortage.limit())
            .warning("at the limit, the kernel kills processes of the task");
    shortage
        .biggest()
        .ifPresent(process ->
            line.with("biggest_process", process.name())
                .with("biggest_process_bytes", process.residentBytes()));
    line.write();
  }

  private static Failure agentNotStarted(Exception e) {
    return Failure.retryable(
        "error while executing task agent: failed to start task agent command: " + e.getMessage());
  }

  private Failure stoppedBeforeTheAgent() {
    announceStop(Duration.ZERO);
    return Failure.retryable(
        "error on shutdown: interrupted by signal: "
            + stopSignal()
            + " before the task agent was started");
  }

  private void announceStop(Duration delay) {
    status.become("draining");
    Duration rest = delay.plus(agent.isPresent() ? plan.gracePeriod() : Duration.ZERO);
    endBy = kernel.clock().nanos() + rest.plus(END_LIMIT).toNanos();
    log.event("system: shutdown signal received")
        .with("delay", delay.toMillis())
        .with("signal", stopSignal())
        .write();
  }

  private String stopSignal() {
    return Signals.describe(supervisor().stopSignal());
  }

  // --- the end -----------------------------------------------------------------------------------

  /** It is a service of the task, so that it ends after it. A further stop ends the wait for it. */
  private void stopEntrypoint() throws KernelException {
    endsEntrypoint = true;
    if (entrypoint.isPresent()) {
      entrypoint.get().stop(SIGTERM);
      supervisor().await(KILL_DELAY, entrypoint.get()::hasExited);
    }
  }

  /** Nothing of the task runs when it is reported: two runs of it would overlap. */
  private void killEverything() throws KernelException {
    // Until the contrary is known.
    leftovers = supervisor.isPresent();
    if (leftovers) {
      Optional<String> why = supervisor().killAll(DEATH_LIMIT);
      why.ifPresent(reason -> log.event("orchestrator: kill processes").warning(reason).write());
      leftovers = why.isPresent();
    }
  }

  private void sumUp() {
    if (agent.isPresent()) {
      LogEvent line = agent().line();
      agent().resources().sumUp(line);
      line.with("orphans_reaped", status.orphansReaped()).write();
    }
  }

  private static BigDecimal seconds(Duration time) {
    return BigDecimal.valueOf(time.toMillis(), 3);
  }

  /**
   * Waits until all of the agent's standard error is there: its last writer has closed it; or, when
   * some process that is not ours holds it, it has been silent for a while.
   */
  private void drainErrors() throws KernelException {
    if (agent.isPresent()) {
      OutputPump errors = agent().errors();
      errors.watch();
      long end = kernel.clock().nanos() + DRAIN_LIMIT.toNanos();
      Wake wake = Wake.DONE;
      while (wake == Wake.DONE && !errors.hasEnded() && left(end).isPositive()) {
        long seen = errors.reads();
        long most = Math.min(SILENCE_LIMIT.toNanos(), left(end).toNanos());
        BooleanSupplier news = () -> errors.hasEnded() || errors.reads() != seen;
        wake = supervisor().awaitUnstoppable(Duration.ofNanos(most), news);
      }
    }
  }

  // --- the report --------------------------------------------------------------------------------

  private Outcome report(Failure failure) {
    String message = failure.describe(agentErrors.text());
    writeTerminationLog(message);
    if (!configuration.canReport()) {
      return new Outcome.Untold(List.of(failure.message()));
    }
    long deadline = Math.min(kernel.clock().nanos() + REPORT_LIMIT.toNanos(), endBy);
    List<String> untold = new ArrayList<>(List.of(failure.message()));
    String retryError = "";
    boolean retryable = failure.isRetryable() || configuration.enableUnsafeRetries();
    if (retryable && !leftovers) {
      switch (unclaim(deadline)) {
        case Reporter.Outcome.Told() -> {
          log.event("retrying task after encountering a retryable error")
              .attribute("error", message)
              .write();
          return new Outcome.Handled();
        }
        case Reporter.Outcome.NotTold(String reason) -> {
          retryError = "; " + RETRY_FAILED + reason;
          untold.add(RETRY_FAILED + reason);
        }
      }
    }
    switch (fail(message, deadline)) {
      case Reporter.Outcome.Told() -> {
        log.event("reported the task as failed").attribute("error", message + retryError).write();
        return new Outcome.Handled();
      }
      case Reporter.Outcome.NotTold(String reason) -> untold.add(FAIL_FAILED + reason);
    }
    return new Outcome.Untold(untold);
  }

  /** The file from which {@code kubectl describe pod} shows why a container ended. */
  private void writeTerminationLog(String message) {
    byte[] bytes = CStrings.encode(message);
    int length = Math.min(bytes.length, TERMINATION_LOG_BYTES);
    while (length < bytes.length && (bytes[length] & 0xc0) == 0x80) {
      length--; // not within a character
    }
    try {
      kernel.files().overwrite(TERMINATION_LOG, Arrays.copyOf(bytes, length));
    } catch (KernelException e) {
      // Not in Kubernetes, or not writable by this user: the log has the message as well.
    }
  }

  private Reporter.Outcome unclaim(long deadline) {
    if (configuration.taskId().isEmpty()) {
      return new Reporter.Outcome.NotTold("task_id: needed to retry a task, but missing or empty");
    }
    // What is left of the time is for the fail event, should this fail.
    return call(
        "/api/v3/runner/unclaim",
        left(deadline).multipliedBy(2).dividedBy(3),
        budget -> reporter.unclaim(configuration.taskId(), budget));
  }

  private Reporter.Outcome fail(String message, long deadline) {
    return call(
        "/api/v2/task/event/fail",
        left(deadline),
        budget -> reporter.fail(configuration.allocation(), message, budget));
  }

  private Duration left(long deadline) {
    return Duration.ofNanos(deadline - kernel.clock().nanos());
  }

  /** Makes a call on a thread of its own, so that probes are answered and orphans reaped. */
  private Reporter.Outcome call(
      String route, Duration limit, Function<Duration, Reporter.Outcome> call) {
    AtomicReference<Optional<Reporter.Outcome>> answer = new AtomicReference<>(Optional.empty());
    Runnable body =
        () -> {
          answer.set(Optional.of(outcome(call, limit.minus(REPORT_MARGIN))));
          supervisor.ifPresent(Supervisor::wake);
        };
    try {
      kernel.processes().startThread("runner-api", REPORT_STACK_BYTES, body);
    } catch (OutOfMemoryError e) {
      // No thread is to be had: a report that holds up the signals is better than none.
      body.run();
    }
    finish(() -> awaitAnswer(() -> answer.get().isPresent(), limit));
    Reporter.Outcome outcome =
        answer
            .get()
            // An attempt can outlast its time where this process hardly gets a processor.
            .or(reporter::lastFailure)
            .orElse(
                new Reporter.Outcome.NotTold(
                    "the runner API did not answer within " + limit.toSeconds() + "s"));
    boolean told = outcome instanceof Reporter.Outcome.Told;
    status.apiCalled(new ApiCall(route, told ? "success" : "error"));
    return outcome;
  }

  private void awaitAnswer(BooleanSupplier answered, Duration limit) throws KernelException {
    if (supervisor.isPresent()) {
      supervisor().awaitUnstoppable(limit, answered);
      return;
    }
    // Where nothing can be supervised, nothing has been started.
    while (!answered.getAsBoolean()) {
      kernel.clock().pause(WITHOUT_SUPERVISION);
    }
  }

  /** Whatever goes wrong is an answer: without one the task would wait for its time limit. */
  private Reporter.Outcome outcome(Function<Duration, Reporter.Outcome> call, Duration budget) {
    try {
      return call.apply(budget);
    } catch (RuntimeException | Error e) {
      tell(e);
      return new Reporter.Outcome.NotTold(
          "error calling CircleCI runner API: " + LogEvent.inWords(e));
    }
  }

  private void close(LogEvent line, Outcome outcome) {
    line.with("orphans_reaped", status.orphansReaped());
    switch (outcome) {
      case Outcome.Handled() -> line.success();
      case Outcome.Untold(List<String> errors) -> line.error(String.join("; ", errors));
    }
    line.write();
  }
}
