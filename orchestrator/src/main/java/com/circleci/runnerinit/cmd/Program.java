package com.circleci.runnerinit.cmd;

import com.circleci.runnerinit.clients.runner.Reporter;
import com.circleci.runnerinit.clients.runner.RunnerApi;
import com.circleci.runnerinit.cmd.CommandLine.Command;
import com.circleci.runnerinit.cmd.CommandLine.Flag;
import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.configuration.ConfigurationParser;
import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.configuration.ParsedConfiguration;
import com.circleci.runnerinit.configuration.Secret;
import com.circleci.runnerinit.init.BinariesInstaller;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.log.BufferedSink;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogFormat;
import com.circleci.runnerinit.log.LogSink;
import com.circleci.runnerinit.log.TimeZone;
import com.circleci.runnerinit.lookup.LookupException;
import com.circleci.runnerinit.lookup.ProgramLookup;
import com.circleci.runnerinit.task.ExitCode;
import com.circleci.runnerinit.task.Outcome;
import com.circleci.runnerinit.task.Plan;
import com.circleci.runnerinit.task.TaskRun;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.LongUnaryOperator;

/** The program as a function: words in, exit code out. */
final class Program {
  /** How the runner API is to be had. */
  @FunctionalInterface
  interface Reporters {
    Reporter reporter(
        String baseUrl,
        Secret token,
        String userAgent,
        Map<String, String> environment,
        EventLog log);
  }

  /** How long the last log lines may take to be read. */
  private static final Duration FLUSH_LIMIT = Duration.ofSeconds(1);

  private static final int STANDARD_OUTPUT = 1;

  private final Kernel kernel;
  private final Reporters reporters;
  private final String path;
  private final String name;
  private final Console console;

  /**
   * The program under a kernel.
   *
   * @param reporters makes the client of the runner API
   * @param path by which it was started, as {@code argv[0]} has it
   */
  Program(Kernel kernel, Reporters reporters, String path) {
    this.reporters = reporters;
    this.kernel = kernel;
    this.path = path;
    name = path.substring(path.lastIndexOf('/') + 1);
    console = new Console(kernel, name);
  }

  ExitCode run(List<String> words) {
    Environment environment = new Environment(kernel.processes().environment());
    try {
      return switch (InvocationParser.parse(words, environment)) {
        case Invocation.Help help -> print(HelpText.of(help.command(), name));
        case Invocation.Version() ->
            print("runner-init version " + BuildInfo.VERSION + " (built " + BuildInfo.DATE + ")\n");
        case Invocation.Init init -> init(init, environment);
        case Invocation.HandOver handOver -> handOver(handOver, environment);
        case Invocation.RunTask task -> runTask(task, environment);
      };
    } catch (UsageException e) {
      String hint = e.exitCode() == ExitCode.USAGE ? " (see " + name + " --help)" : "";
      console.error(e.getMessage() + hint);
      return e.exitCode();
    }
  }

  private ExitCode print(String text) {
    console.print(text);
    return ExitCode.HANDLED;
  }

  private ExitCode init(Invocation.Init init, Environment environment) {
    EventLog log = openLog(environment, init.logFormat(), console::printLine);
    announce(log);
    try {
      new BinariesInstaller(kernel, log, init.shutdownDelay())
          .install(absolute(init.source()), absolute(init.destination()));
      return ExitCode.HANDLED;
    } catch (IOException e) {
      return fail(log, "orchestrator: init", e);
    }
  }

  /** Replaces this process by the custom init process, which is given this program to run. */
  private ExitCode handOver(Invocation.HandOver handOver, Environment environment) {
    EventLog log = openLog(environment, handOver.logFormat(), console::printLine);
    announce(log);
    log.event("override-entrypoint").with("entrypoint", handOver.entrypoint()).write();
    try {
      ProgramLookup programs = new ProgramLookup(kernel.files(), environment.get("PATH"));
      List<String> words = new ArrayList<>(handOver.entrypoint());
      words.add(ownPath(programs));
      words.add(Command.RUN_TASK.word());
      words.addAll(handOver.passedOn());
      Map<String, String> config = new HashMap<>();
      handOver.config().ifPresent(text -> config.put(Flag.CONFIG.variable(), text));
      kernel.processes().execute(programs.find(words.getFirst()), words, environment.with(config));
      throw new AssertionError("execve returned without an error");
    } catch (LookupException | KernelException e) {
      return fail(log, "override-entrypoint", e);
    }
  }

  private String ownPath(ProgramLookup programs) throws KernelException, LookupException {
    try {
      String running = kernel.files().readLink("/proc/self/exe");
      if (kernel.files().exists(running)) {
        return running;
      }
      // Another was put in its place meanwhile.
    } catch (KernelException e) {
      // An image without /proc.
    }
    return absolute(programs.find(path));
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

  private ExitCode runTask(Invocation.RunTask task, Environment environment) {
    kernel.processes().wipeEnvironment(Environment.OWN_PREFIX);
    BufferedSink sink = new BufferedSink(kernel, STANDARD_OUTPUT);
    EventLog log = openLog(environment, task.logFormat(), sink);
    sink.start(lines ->
        log.event("log: lines dropped")
            .with("lines", lines)
            .warning("nobody read the log in time")
            .write());
    announce(log);
    try {
      return runTask(task, environment, log);
    } catch (KernelException e) {
      return fail(log, "run-task", e);
    } finally {
      sink.flush(FLUSH_LIMIT);
    }
  }

  private ExitCode runTask(Invocation.RunTask task, Environment environment, EventLog log)
      throws KernelException {
    ParsedConfiguration parsed = ConfigurationParser.parse(task.config());
    Configuration configuration = parsed.configuration();
    Reporter api =
        reporters.reporter(
            configuration.runnerApiBaseUrl(),
            configuration.token(),
            RunnerApi.userAgent(
                BuildInfo.VERSION,
                System.getProperty("os.arch", ""),
                kernel.processes().hostName()),
            environment.withoutOwn(),
            log);
    Plan plan =
        new Plan(
            parsed,
            task.shutdownDelay(),
            task.gracePeriod(),
            task.signalPolicy(),
            task.stopSignals(),
            task.healthAddress());
    Outcome outcome =
        new TaskRun(kernel, environment, log, api, plan, BuildInfo.VERSION, BuildInfo.DATE).run();
    if (outcome instanceof Outcome.Untold(List<String> errors)) {
      console.error(String.join("; ", errors));
    }
    return outcome.exitCode();
  }

  private EventLog openLog(Environment environment, LogFormat format, LogSink sink) {
    SplittableRandom random = new SplittableRandom(System.nanoTime());
    String traceId =
        HexFormat.of().toHexDigits(random.nextLong())
            + HexFormat.of().toHexDigits(random.nextLong());
    LongUnaryOperator utcOffset = TimeZone.utcOffset(environment.get("TZ"), this::readZone);
    return new EventLog(format, traceId, utcOffset, sink);
  }

  private Optional<byte[]> readZone(String path) {
    try {
      return Optional.of(kernel.files().read(path, TimeZone.MAX_FILE_BYTES));
    } catch (KernelException e) {
      // Not there, or not to be read: the log is in UTC.
      return Optional.empty();
    }
  }

  private static void announce(EventLog log) {
    log.event("starting orchestrator")
        .with("date", BuildInfo.DATE)
        .with("version", BuildInfo.VERSION)
        .write();
  }

  private ExitCode fail(EventLog log, String event, Exception e) {
    String reason = String.valueOf(e.getMessage());
    log.event(event).error(reason).write();
    console.error(reason);
    return ExitCode.FAILED;
  }
}
