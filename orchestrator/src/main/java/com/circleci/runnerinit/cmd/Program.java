package com.circleci.runnerinit.cmd;

import com.circleci.runnerinit.clients.runner.Reporter;
import com.circleci.runnerinit.clients.runner.RunnerApi;
import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.init.BinariesInstaller;
import com.circleci.runnerinit.linux.CStrings;
import com.circleci.runnerinit.linux.Interest;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import com.circleci.runnerinit.log.BufferedSink;
import com.circleci.runnerinit.log.ControlCharacters;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogFormat;
import com.circleci.runnerinit.log.TimeZone;
import com.circleci.runnerinit.lookup.LookupException;
import com.circleci.runnerinit.lookup.ProgramLookup;
import com.circleci.runnerinit.task.ExitCode;
import com.circleci.runnerinit.task.Outcome;
import com.circleci.runnerinit.task.Plan;
import com.circleci.runnerinit.task.TaskRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.LongUnaryOperator;

/** The program as a function: words in, exit code out. */
class Program {
  private static final int STANDARD_OUTPUT = 1;
  private static final int STANDARD_ERROR = 2;

  /** How long the last log lines, or an error, may take to be read. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Kernel kernel;
  private final String path;
  private final String name;
  private final BufferedSink output;

  /** The program by the path that it was started by, as {@code argv[0]} has it. */
  Program(Kernel kernel, String path) {
    this.kernel = kernel;
    this.path = path;
    name = path.substring(path.lastIndexOf('/') + 1);
    output = new BufferedSink(kernel, STANDARD_OUTPUT);
  }

  ExitCode run(List<String> words) {
    Environment environment = new Environment(kernel.processes().environment());
    try {
      CommandLine line = new CommandLine(words, environment);
      if (line.asksForHelp()) {
        return print(line.help(name));
      }
      if (line.asksForVersion()) {
        return print(
            "runner-init version " + BuildInfo.VERSION + " (built " + BuildInfo.DATE + ")\n");
      }
      return switch (line.command()) {
        case INIT -> init(line, environment);
        case OVERRIDE -> override(line, environment);
        case RUN_TASK -> runTask(line.plan(), line.logFormat(), environment);
      };
    } catch (UsageException e) {
      String hint = e.exitCode() == ExitCode.USAGE ? " (see " + name + " --help)" : "";
      printError(e.getMessage() + hint);
      return e.exitCode();
    }
  }

  private ExitCode init(CommandLine line, Environment environment) throws UsageException {
    Duration shutdownDelay = line.shutdownDelay();
    EventLog log = openLog(environment, line.logFormat(), false);
    try {
      new BinariesInstaller(kernel, log, shutdownDelay)
          .install(absolute(line.source()), absolute(line.destination()));
      return ExitCode.HANDLED;
    } catch (IOException e) {
      return fail(log, "orchestrator: init", e);
    }
  }

  /** Replaces this process by the custom init process, which is given this program to run. */
  private ExitCode override(CommandLine line, Environment environment) throws UsageException {
    List<String> words = new ArrayList<>(line.entrypoint());
    // What run-task would refuse is refused here, where the operator looks first.
    line.plan();
    EventLog log = openLog(environment, line.logFormat(), false);
    log.event("override-entrypoint").with("entrypoint", List.copyOf(words)).write();
    try {
      Optional<String> directories = environment.get("PATH");
      words.add(ownPath(directories));
      words.add(Command.RUN_TASK.word());
      words.addAll(line.passedOn());
      List<byte[]> variables = environment.with(line.configPassedOn());
      String program = ProgramLookup.find(kernel.files(), directories, words.getFirst());
      kernel.processes().execute(program, words, variables);
      throw new AssertionError("execve returned without an error");
    } catch (LookupException | KernelException e) {
      return fail(log, "override-entrypoint", e);
    }
  }

  private String ownPath(Optional<String> directories) throws KernelException, LookupException {
    try {
      String running = kernel.files().readLink("/proc/self/exe");
      if (kernel.files().exists(running)) {
        return running;
      }
      // Another was put in its place meanwhile.
    } catch (KernelException e) {
      // An image without /proc.
    }
    return absolute(ProgramLookup.find(kernel.files(), directories, path));
  }

  /** As it is written, less what means nothing; as Go, it does not ask where links lead. */
  private String absolute(String file) throws KernelException {
    String whole = file.startsWith("/") ? file : kernel.files().workingDirectory() + "/" + file;
    Deque<String> names = new ArrayDeque<>();
    for (String each : whole.split("/", -1)) {
      switch (each) {
        case "", "." -> {}
        case ".." -> names.pollLast();
        default -> names.addLast(each);
      }
    }
    return "/" + String.join("/", names);
  }

  private ExitCode runTask(Plan plan, LogFormat format, Environment environment) {
    kernel.processes().wipeEnvironment(Environment.OWN_PREFIX);
    EventLog log = openLog(environment, format, true);
    try {
      String userAgent =
          RunnerApi.userAgent(
              BuildInfo.VERSION, System.getProperty("os.arch", ""), kernel.processes().hostName());
      Reporter reporter = reporter(plan.configuration(), userAgent, environment, log);
      Outcome outcome =
          new TaskRun(kernel, environment, log, reporter, plan, BuildInfo.VERSION, BuildInfo.DATE)
              .run();
      if (outcome instanceof Outcome.Untold(List<String> errors)) {
        printError(String.join("; ", errors));
      }
      return outcome.exitCode();
    } catch (KernelException e) {
      return fail(log, "run-task", e);
    } finally {
      output.flush(PATIENCE);
    }
  }

  Reporter reporter(
      Configuration configuration, String userAgent, Environment environment, EventLog log) {
    return new RunnerApi(
        kernel,
        configuration.runnerApiBaseUrl(),
        configuration.token(),
        userAgent,
        environment.withoutOwn(),
        log);
  }

  /** Begins the run's log; if it is buffered, nothing that is written waits for a slow reader. */
  private EventLog openLog(Environment environment, LogFormat format, boolean buffered) {
    SplittableRandom random = new SplittableRandom(System.nanoTime());
    HexFormat hex = HexFormat.of();
    String traceId = hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
    LongUnaryOperator utcOffset = TimeZone.utcOffset(environment.get("TZ"), this::readZone);
    EventLog log = new EventLog(format, traceId, utcOffset, output::write);
    if (buffered) {
      output.start(lines ->
          log.event("log: lines dropped")
              .with("lines", lines)
              .warning("nobody read the log in time")
              .write());
    }
    log.event("starting orchestrator")
        .with("date", BuildInfo.DATE)
        .with("version", BuildInfo.VERSION)
        .write();
    return log;
  }

  private Optional<byte[]> readZone(String file) {
    try {
      return Optional.of(kernel.files().read(file, TimeZone.MAX_FILE_BYTES));
    } catch (KernelException e) {
      // Not there, or not to be read: the log is in UTC.
      return Optional.empty();
    }
  }

  private ExitCode fail(EventLog log, String event, Exception e) {
    String reason = String.valueOf(e.getMessage());
    log.event(event).error(reason).write();
    printError(reason);
    return ExitCode.FAILED;
  }

  private ExitCode print(String text) {
    output.write(CStrings.encode(text));
    return ExitCode.HANDLED;
  }

  /** One line on standard error, whatever the message holds; nothing when nobody reads. */
  private void printError(String message) {
    String text = CStrings.withoutEscapes(name + ": error: " + message);
    byte[] line = (ControlCharacters.escape(text) + "\n").getBytes(StandardCharsets.UTF_8);
    List<Interest> interests = List.of(Interest.inWriting(STANDARD_ERROR));
    if (kernel.descriptors().await(interests, Optional.of(PATIENCE))[0]) {
      NativeBlock block = kernel.memory().allocate(line.length);
      block.bytes().put(0, line);
      try {
        kernel.descriptors().writeAll(STANDARD_ERROR, block, line.length);
      } catch (KernelException e) {
        // There is nobody else to tell.
      }
    }
  }
}
