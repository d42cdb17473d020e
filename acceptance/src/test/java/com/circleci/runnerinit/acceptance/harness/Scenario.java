package com.circleci.runnerinit.acceptance.harness;

import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Call;
import com.circleci.runnerinit.testing.FakeRunnerApi;
import com.circleci.runnerinit.testing.Machine;
import com.circleci.runnerinit.testing.ProcessView;
import com.circleci.runnerinit.testing.Route;
import com.circleci.runnerinit.testing.RunnerApiOptions;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The world of one test: a root folder, a runner API, a task and its token, and the containers that
 * were started in it.
 *
 * <p>Closing it checks what must hold in every test: the token showed nowhere, no process is left,
 * and the runner API got nothing but good HTTP.
 */
public final class Scenario implements AutoCloseable {
  public static final String ORCHESTRATOR = "/opt/circleci/bin/orchestrator";
  public static final String TASK_AGENT = "/opt/circleci/bin/circleci-agent";

  /** The fake task agent again, as a service that runs beside the task. */
  public static final String SERVICE = "/usr/bin/service";

  private static final String INIT = "/init";
  private static final String ENDED_AT = "/out/ended-at";
  private static final String TERMINATION_LOG = "/dev/termination-log";
  private static final String LEFT_BEHIND = "/out/left-behind";

  private static final Pattern PORT = Pattern.compile(":(\\d+)");

  private final String token = "token-" + UUID.randomUUID();
  private final RootFolder root = RootFolder.create();
  private final TaskConfig config = new TaskConfig();
  private final HealthProbe probe = new HealthProbe();
  private final Map<String, String> environment = new LinkedHashMap<>();
  private final List<Container> containers = new CopyOnWriteArrayList<>();
  private final List<String> preparations = new ArrayList<>();
  private final List<String> unshareOptions = new ArrayList<>();
  private final List<String> chrootOptions = new ArrayList<>();
  private final List<String> predecessor = new ArrayList<>();
  private final List<Terminal> terminals = new ArrayList<>();
  private RunnerApiOptions apiOptions = RunnerApiOptions.plain().forToken(token);
  private Optional<FakeRunnerApi> api = Optional.empty();
  private Optional<String> apiBaseUrl = Optional.empty();
  private Optional<ControlGroups> controlGroups = Optional.empty();
  private Optional<Fault> injected = Optional.empty();
  private boolean proc;
  private boolean underAnInit;
  private boolean secretMayShow;
  private boolean scraped = true;
  private Optional<Output> diverted = Optional.empty();

  /** For a test that needs many: it has to verify and to close each. */
  public Scenario() {
    config
        .set("task_id", "task-1")
        .set("token", token)
        .set("allocation", "allocation-1")
        .set("task_agent_path", TASK_AGENT)
        .set("max_run_time", 3_600_000_000_000L);
    Executables.runtime()
        .map(Path::toString)
        .ifPresent(runtime -> {
          root.folder(runtime);
          unshareOptions.add("--mount");
          // The shell that mounts it would hand on a variable of its own.
          prepare("/bin/mount --bind '%s' '%s'".formatted(runtime, root.path(runtime)))
              .prepare("unset PWD");
        });
  }

  public String token() {
    return token;
  }

  public RootFolder root() {
    return root;
  }

  public TaskConfig config() {
    return config;
  }

  /** Free, until the orchestrator listens on it. */
  public int healthPort() {
    return probe.port();
  }

  /** Starts it at the first call. */
  public FakeRunnerApi api() {
    if (api.isEmpty()) {
      api = Optional.of(FakeRunnerApi.start(apiOptions));
    }
    return api.get();
  }

  public RunnerApiOptions apiOptions() {
    return apiOptions;
  }

  public Scenario apiOptions(RunnerApiOptions options) {
    apiOptions = options;
    return this;
  }

  /** The address of the runner API in the configuration, when it is not simply the fake's. */
  public Scenario apiBaseUrl(String url) {
    apiBaseUrl = Optional.of(url);
    return this;
  }

  /** What the task agent does, in the verbs of fake-task-agent.c. */
  public Scenario agent(String... verbs) {
    config.set("task_agent_path", TaskConfig.commandLine(TASK_AGENT, verbs));
    return this;
  }

  /** What a custom entrypoint does, in the same verbs. */
  public Scenario entrypoint(String... verbs) {
    var command = new ArrayList<>(List.of(SERVICE));
    command.addAll(List.of(verbs));
    config.set("cmd", command);
    return this;
  }

  /** A token of this many bytes that begins with the one of the scenario, and replaces it. */
  public String longToken(int bytes) {
    var longer = token.repeat(bytes / token.length() + 1).substring(0, bytes);
    config.set("token", longer);
    apiOptions = apiOptions.forToken(longer);
    return longer;
  }

  public Scenario environment(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** As every real container has it. Without it the JDK takes the machine for one without IPv6. */
  public Scenario proc() {
    root.folder("/proc");
    proc = true;
    return this;
  }

  public Scenario tmpfs(String at, String size) {
    root.folder(at);
    unshareOptions.add("--mount");
    return prepare("/bin/mount -t tmpfs -o size=%s tmpfs '%s'".formatted(size, root.path(at)));
  }

  /** A file system whose files can share blocks. */
  public Scenario xfs(String at) {
    root.folder(at);
    unshareOptions.add("--mount");
    return prepare("/usr/bin/truncate --size=300M '%s'".formatted(root.path("/.xfs")))
        .prepare("/usr/sbin/mkfs.xfs -q '%s'".formatted(root.path("/.xfs")))
        .prepare("/bin/mount -o loop '%s' '%s'".formatted(root.path("/.xfs"), root.path(at)));
  }

  /** An overlay of what the folder holds now, as container runtimes make their roots. */
  public Scenario overlay(String at) {
    root.folder(at).folder("/.overlay");
    return tmpfs("/.overlay", "1m")
        .prepare(
            "/bin/mkdir '%1$s/upper' '%1$s/work'; /bin/mount -t overlay overlay -o"
                    .formatted(root.path("/.overlay"))
                + " 'lowerdir=%2$s,upperdir=%1$s/upper,workdir=%1$s/work' '%2$s'"
                    .formatted(root.path("/.overlay"), root.path(at)));
  }

  public Scenario readOnly(String at) {
    unshareOptions.add("--mount");
    return prepare("/bin/mount --bind '%1$s' '%1$s'".formatted(root.path(at)))
        .prepare("/bin/mount -o remount,bind,ro '%s'".formatted(root.path(at)));
  }

  /** In a container that may take so much memory in bytes. */
  public Scenario limitMemory(long bytes) {
    controlGroups().limitMemory(bytes);
    return this;
  }

  /** In a container that may have so many threads, its programs' first ones included. */
  public Scenario limitThreads(int count) {
    controlGroups().limitThreads(count);
    return this;
  }

  /** In control groups of its own: those of the container that is started next. */
  public ControlGroups controlGroups() {
    if (controlGroups.isEmpty()) {
      controlGroups = Optional.of(new ControlGroups());
      unshareOptions.add("--mount");
    }
    return controlGroups.get();
  }

  /** In a user namespace of its own, which has but one user and one group, and no others. */
  public Scenario userNamespace() {
    unshareOptions.add("--map-root-user");
    return this;
  }

  /** With a terminal, as a container has with {@code tty: true}, which its first process leads. */
  public Terminal terminal() {
    var terminal = Terminal.open();
    terminals.add(terminal);
    root.devices();
    prepare("exec <" + terminal.path());
    prepare("set -- /usr/bin/setsid --ctty \"$@\"");
    return terminal;
  }

  /** By a program that does these verbs first, and then becomes the orchestrator. */
  public Scenario startedBy(String... verbs) {
    predecessor.add(INIT);
    predecessor.addAll(List.of(verbs));
    predecessor.add("exec");
    return this;
  }

  /** With no network but a loopback interface that is down. */
  public Scenario noNetwork() {
    unshareOptions.add("--net");
    return this;
  }

  public Scenario hostname(String name) {
    unshareOptions.add("--uts");
    return prepare("/bin/hostname " + name);
  }

  /** A line of shell, before the orchestrator replaces the shell. */
  public Scenario prepare(String line) {
    preparations.add(line);
    return this;
  }

  /** Starts it as another user: {@code uid:gid}, and groups separated by commas or none. */
  public Scenario asUser(String ids, String groups) {
    chrootOptions.add("--userspec=" + ids);
    chrootOptions.add("--groups=" + groups);
    return this;
  }

  /** Below another first process that reaps and stays, as in a shared process namespace. */
  public Scenario underAnInit() {
    underAnInit = true;
    return proc();
  }

  /** For a test that puts the token on a command line itself. */
  public Scenario secretMayShow() {
    secretMayShow = true;
    return this;
  }

  /** For a test that measures: the first scrape costs the orchestrator time and memory. */
  public Scenario notScraped() {
    scraped = false;
    return this;
  }

  /** Standard output is a FIFO of the root folder, that {@link #readStdout} reads or nobody. */
  public Scenario stdoutTo(String fifo) {
    // Open both ways: to open it for writing alone would wait for a reader.
    root.fifo(fifo);
    return prepare("exec 1<>'%s'".formatted(root.path(fifo)));
  }

  /** Begins to read, once the container has begun. */
  public Output readStdout(String fifo) {
    try {
      var output = new Output("fifo", new FileInputStream(root.path(fifo).toFile()));
      diverted = Optional.of(output);
      return output;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Container runTask(String... flags) {
    config.set("runner_api_base_url", runnerApiBaseUrl());
    environment.putIfAbsent("CIRCLECI_GOAT_CONFIG", config.json());
    return run("run-task", flags);
  }

  /**
   * Runs the task with the orchestrator under a tracer.
   *
   * @param fault makes one, once the orchestrator is there and has not begun
   */
  public TracedTask runTracedTask(Function<ProcessView, Optional<Fault>> fault) {
    config.set("runner_api_base_url", runnerApiBaseUrl());
    environment.putIfAbsent("CIRCLECI_GOAT_CONFIG", config.json());
    environment.putIfAbsent("CIRCLECI_GOAT_HEALTH_CHECK_ADDR", ":" + probe.port());
    installBinaries();
    proc();
    var command = new ArrayList<>(Tracer.upToExec());
    command.addAll(List.of("/usr/bin/unshare", "--pid", "--fork", "--kill-child"));
    // After the change of root, unlike chroot's.
    command.addAll(List.of("--mount-proc=/proc", "--root=" + root, ORCHESTRATOR, "run-task"));
    var unshare = launch(command);
    Tracer.awaitStop(unshare, root.path(ORCHESTRATOR));
    var container = contain(unshare);
    var stopped = container.orchestrator();
    injected = fault.apply(stopped);
    return new TracedTask(container, Tracer.attach(stopped, injected, root.path("/trace")));
  }

  /** The configuration as it stands, for a test that hands it over by other means. */
  public String configuration() {
    return config.set("runner_api_base_url", runnerApiBaseUrl()).json();
  }

  /** With a health address of its own, in the usual place of the volume. */
  public Container run(String command, String... arguments) {
    installBinaries();
    environment.putIfAbsent("CIRCLECI_GOAT_HEALTH_CHECK_ADDR", ":" + probe.port());
    var line = new ArrayList<String>();
    if (underAnInit) {
      line.addAll(List.of(INIT, "left-behind=" + LEFT_BEHIND, "ended-at=" + ENDED_AT, "spawn"));
    }
    line.addAll(predecessor);
    line.add(ORCHESTRATOR);
    line.add(command);
    line.addAll(List.of(arguments));
    return start(line);
  }

  /** Starts a program of the root folder as it stands, with the environment as it stands. */
  public Container execute(String... command) {
    return start(List.of(command));
  }

  /** The one that was started last: for an observer that may be faster than its test. */
  public Container container() {
    return Await.untilPresent(
        "a container",
        () -> containers.isEmpty() ? Optional.empty() : Optional.of(containers.getLast()));
  }

  /** When the orchestrator that ran last ended, by CLOCK_MONOTONIC in nanoseconds. */
  public long endedAt() {
    return underAnInit ? Long.parseLong(root.read(ENDED_AT)) : containers.getLast().endedAt();
  }

  /** Puts the two binaries where the init step does, and a folder for what the tasks write. */
  public void installBinaries() {
    root.folder("/out", "rwxrwxrwx");
    if (!root.has(ORCHESTRATOR)) {
      root.program(ORCHESTRATOR, Executables.orchestrator());
    }
    if (!root.has(TASK_AGENT)) {
      root.program(TASK_AGENT, Executables.fakeTaskAgent());
    }
    for (var program : List.of(SERVICE, INIT)) {
      if (!root.has(program)) {
        root.program(program, Executables.fakeTaskAgent());
      }
    }
  }

  /** Throws when something is wrong that must never be, whatever the test was about. */
  public void verify() {
    var violations = new ArrayList<String>();
    for (var container : containers) {
      if (!secretMayShow) {
        violations.addAll(container.violations(token));
      }
    }
    if (!secretMayShow) {
      violations.addAll(leaks());
    }
    api.stream()
        .flatMap(it -> it.calls(Route.FAIL).stream())
        .filter(call -> Container.NAME_OF_JAVA.matcher(call.message()).find())
        .forEach(call -> violations.add("a name of Java's shows in: " + call.message()));
    api.ifPresent(
        it -> it.complaints().forEach(text -> violations.add("malformed request: " + text)));
    if (root.has(LEFT_BEHIND) && !root.read(LEFT_BEHIND).equals("0")) {
      violations.add("processes left to the init: " + root.read(LEFT_BEHIND));
    }
    if (!violations.isEmpty()) {
      throw new AssertionError(String.join("\n", violations));
    }
  }

  private List<String> leaks() {
    var leaks = new ArrayList<String>();
    if (diverted.stream().anyMatch(output -> output.text().contains(token))) {
      leaks.add("the token shows on stdout");
    }
    if (Files.isRegularFile(root.path(TERMINATION_LOG))
        && root.bytes(TERMINATION_LOG).contains(token)) {
      leaks.add("the token shows in the termination log");
    }
    api.stream()
        .flatMap(it -> it.calls().stream())
        .filter(this::showsTokenBeyondNeed)
        .forEach(call -> leaks.add("the token shows in a call to " + call.path()));
    return leaks;
  }

  /** It belongs into one header, and into the body of an unclaim. */
  private boolean showsTokenBeyondNeed(Call call) {
    var fields = new HashMap<>(call.headers());
    fields.remove("authorization");
    var message = call.path().endsWith(Route.FAIL.path()) ? call.body() + call.message() : "";
    return (call.path() + fields + message).contains(token);
  }

  /** What the containers said, and what the runner API was asked. */
  public String evidence() {
    var evidence = new StringBuilder();
    injected.ifPresent(fault -> evidence.append(fault).append('\n'));
    containers.forEach(container -> evidence.append(container.evidence()).append('\n'));
    api.ifPresent(it ->
        it.calls()
            .forEach(call ->
                evidence.append(
                    "--- %s %s%n%s".formatted(call.method(), call.path(), call.body()))));
    return evidence.toString();
  }

  @Override
  public void close() {
    containers.forEach(Container::close);
    controlGroups.ifPresent(ControlGroups::close);
    terminals.forEach(Terminal::close);
    api.ifPresent(FakeRunnerApi::close);
    root.delete();
  }

  private String runnerApiBaseUrl() {
    var url = apiBaseUrl.orElseGet(() -> api().baseUrl());
    PORT.matcher(url)
        .results()
        .forEach(port -> Machine.current().forward(Integer.parseInt(port.group(1))));
    return url;
  }

  private Container start(List<String> program) {
    var command = new ArrayList<>(List.of("/usr/bin/unshare", "--pid", "--fork", "--kill-child"));
    command.addAll(unshareOptions);
    if (proc) {
      command.add("--mount-proc=" + root.path("/proc"));
    }
    var lines = new ArrayList<>(preparations);
    controlGroups.ifPresent(groups -> lines.addAll(groups.enter(root)));
    if (!lines.isEmpty()) {
      var script = String.join("\n", lines) + "\nexec \"$@\"";
      command.addAll(List.of("/bin/sh", "-e", "-c", script, "sh"));
    }
    command.add("/usr/sbin/chroot");
    command.addAll(chrootOptions);
    command.add(root.toString());
    command.addAll(program);
    return contain(launch(command));
  }

  private Process launch(List<String> command) {
    return Machine.current().start(command, environment, false);
  }

  private Container contain(Process unshare) {
    var container = new Container(unshare, root.path(ORCHESTRATOR), probe, token, scraped);
    containers.add(container);
    return container;
  }
}
