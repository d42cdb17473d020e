package com.circleci.runnerinit.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;

/**
 * {@code ./do run-task} without the building: {@code BIN [--runtime FOLDER] [FLAG…] SCRIPT}. Init
 * fills a volume, the orchestrator runs as PID 1 of a new PID namespace, and its task agent becomes
 * the script, beside a fake runner API.
 */
public final class RunTask {
  private static final Pattern OF_THE_TIMELINE =
      Pattern.compile(
          "(flow|probes|api) .*|orchestrator .*(starting orchestrator|custom entrypoint"
              + "|task agent started|orchestrator: wait|system: shutdown|termination grace"
              + "|retrying|reported|run-task).*");
  private static final Pattern TIME_AND_TRACE =
      Pattern.compile("(?<=^orchestrator {1,9})[0-9:]{8} [0-9a-f]{5} [0-9.]+ms ");
  private static final Duration BETWEEN_PROBES = Duration.ofMillis(100);

  private record Event(double seconds, String text) {
    @Override
    public String toString() {
      return "%7.3f %s".formatted(seconds, text);
    }
  }

  private final List<Event> events = new ArrayList<>();
  private final long began = System.nanoTime();
  private final Path bin;
  private Optional<Path> runtime = Optional.empty();
  private Optional<String> entrypoint = Optional.empty();
  private String user = "";
  private boolean failApi;
  private Optional<Path> script = Optional.empty();

  private RunTask(List<String> words) {
    bin = Path.of(words.getFirst());
    for (var i = 1; i < words.size(); i++) {
      var word = words.get(i).split("=", 2);
      switch (word[0]) {
        case "--fail-api" -> failApi = true;
        case "--runtime", "--entrypoint", "--user" -> {
          if (word.length == 1 && i + 1 == words.size()) {
            throw new IllegalArgumentException(word[0] + " needs a value");
          }
          set(word[0], word.length == 2 ? word[1] : words.get(++i));
        }
        default -> {
          if (word[0].startsWith("-")) {
            throw new IllegalArgumentException("unknown flag " + word[0] + " (./do help run-task)");
          }
          if (script.isPresent()) {
            throw new IllegalArgumentException(
                "one script, not %s and %s".formatted(script.get(), words.get(i)));
          }
          script = Optional.of(Path.of(words.get(i)).toAbsolutePath());
        }
      }
    }
  }

  private void set(String flag, String value) {
    switch (flag) {
      case "--runtime" -> runtime = Optional.of(Path.of(value));
      case "--entrypoint" -> entrypoint = Optional.of(value);
      default -> user = value;
    }
  }

  public static void main(String[] arguments) throws Exception {
    var status = 1;
    try {
      status = new RunTask(List.of(arguments)).run();
    } catch (IllegalArgumentException e) {
      System.err.println("do: run-task: " + e.getMessage());
    }
    // And not exit, which waits for the hook that waits for this.
    Runtime.getRuntime().halt(status);
  }

  private int run() throws IOException, InterruptedException {
    var program = script.orElse(Path.of("examples/task.sh").toAbsolutePath());
    if (!Files.isRegularFile(program) || !Files.isExecutable(program)) {
      throw new IllegalArgumentException(program + " is no executable file");
    }
    var folder = Files.createTempDirectory("runner-init-task.");
    folder.toFile().setReadable(true, false);
    folder.toFile().setExecutable(true, false);
    note("flow", "runner API starts");
    try (var api = FakeRunnerApi.start(RunnerApiOptions.plain())) {
      if (failApi) {
        for (var route : Route.values()) {
          api.always(route, Answer.status(500));
        }
      }
      api.whenAnswering((call, answer) -> note("api", describe(call, answer)));
      var volume = fillVolume(folder);
      var status = runOrchestrator(api, volume, program);
      System.err.println("\ntimeline");
      synchronized (events) {
        events.stream()
            .filter(event -> OF_THE_TIMELINE.matcher(event.text()).matches())
            .map(event ->
                new Event(event.seconds(), TIME_AND_TRACE.matcher(event.text()).replaceFirst("")))
            .forEach(System.err::println);
      }
      note("flow", "exit " + status);
      return status;
    } finally {
      try (var files = Files.walk(folder)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
  }

  /** As in a Pod: the volume is mounted into an image that holds nothing but the executables. */
  private Path fillVolume(Path folder) throws IOException, InterruptedException {
    var image = Files.createDirectories(folder.resolve("image"));
    var volume = Files.createDirectories(folder.resolve("volume/bin"));
    var place = Files.createDirectories(image.resolve("opt/circleci/bin"));
    Files.copy(bin.resolve("orchestrator"), image.resolve("orchestrator"));
    Files.copy(bin.resolve("fake-task-agent"), image.resolve("circleci-agent"));
    var mounts = "mount --bind '%s' '%s'".formatted(volume, place);
    if (runtime.isPresent()) {
      var inside = Files.createDirectories(image.resolve(runtime.get().toString().substring(1)));
      mounts += " && mount --bind '%s' '%s'".formatted(runtime.get(), inside);
    }
    note("flow", "init fills the volume");
    var init =
        new ProcessBuilder(
                "unshare",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount",
                "sh",
                "-c",
                mounts + " && exec chroot '" + image + "' /orchestrator init")
            .redirectErrorStream(true)
            .start();
    var output = pump("init", init.getInputStream());
    var status = init.waitFor();
    output.join();
    if (status != 0) {
      throw new IllegalArgumentException("init failed");
    }
    return volume;
  }

  private int runOrchestrator(FakeRunnerApi api, Path volume, Path program)
      throws IOException, InterruptedException {
    var config = new JsonObject();
    var command = new JsonArray();
    entrypoint.ifPresent(line -> List.of("/bin/sh", "-c", line).forEach(command::add));
    config.add("cmd", command);
    config.addProperty("user", user);
    config.addProperty("task_id", "task-1");
    config.addProperty("token", "token-of-the-example");
    config.addProperty("allocation", "allocation-1");
    config.addProperty("max_run_time", Duration.ofHours(1).toNanos());
    config.addProperty("runner_api_base_url", "http://127.0.0.1:" + api.port());
    config.addProperty(
        "task_agent_path", "'%s/circleci-agent' read-stdin exec '%s'".formatted(volume, program));
    var port = freePort();
    note("flow", "the orchestrator starts as PID 1 of a new PID namespace");
    var builder =
        new ProcessBuilder(
            "unshare",
            "--pid",
            "--fork",
            "--mount-proc",
            "--kill-child",
            volume + "/orchestrator",
            "run-task");
    builder.environment().put("CIRCLECI_GOAT_CONFIG", config.toString());
    builder.environment().put("CIRCLECI_GOAT_HEALTH_CHECK_ADDR", ":" + port);
    var unshare = builder.start();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              // PID 1 of the namespace is the only child of unshare.
              new ProcessView(unshare.pid()).children().forEach(it -> Signal.TERM.sendTo(it.pid()));
              // Until main has told the end, and halts.
              new CompletableFuture<Void>().join();
            }));
    var output = pump("orchestrator", unshare.getInputStream());
    var errors = pump("stderr", unshare.getErrorStream());
    watchProbes(unshare, port);
    var status = unshare.waitFor();
    output.join();
    errors.join();
    return status;
  }

  private Thread pump(String source, InputStream stream) {
    return Thread.ofPlatform()
        .daemon()
        .start(() ->
            new BufferedReader(new InputStreamReader(stream, UTF_8))
                .lines()
                .forEach(line -> note(source, line)));
  }

  private void note(String source, String text) {
    var event = new Event((System.nanoTime() - began) / 1e9, "%-12s %s".formatted(source, text));
    synchronized (events) {
      events.add(event);
      System.err.println(event);
    }
  }

  /** Asks both probes until the orchestrator is gone, and tells when an answer changes. */
  private void watchProbes(Process orchestrator, int port) throws InterruptedException {
    var last = "";
    while (orchestrator.isAlive()) {
      var live = probe(port, "live");
      var answers = "/live %s, /ready %s".formatted(live, probe(port, "ready"));
      if (!answers.equals(last) && !live.isEmpty()) {
        last = answers;
        note("probes", answers);
      }
      orchestrator.waitFor(BETWEEN_PROBES);
    }
  }

  private static String probe(int port, String path) {
    try {
      var url = URI.create("http://127.0.0.1:%d/%s".formatted(port, path)).toURL();
      var connection = (HttpURLConnection) url.openConnection();
      connection.setReadTimeout(1000);
      return Integer.toString(connection.getResponseCode());
    } catch (IOException _) {
      return "";
    }
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static String describe(Call call, Answer answer) {
    var status = answer instanceof Answer.Response response ? response.status() : 0;
    return "%s %s -> %d".formatted(call.method(), call.path(), status)
        + field(call, "task_id").map(id -> " task=" + id).orElse("")
        + field(call, "message").map(text -> " message=" + decode(text)).orElse("");
  }

  private static Optional<String> field(Call call, String name) {
    try {
      return Optional.ofNullable(call.json().get(name)).map(JsonElement::getAsString);
    } catch (JsonParseException | IllegalStateException _) {
      return Optional.of("(not JSON)");
    }
  }

  private static String decode(String base64) {
    try {
      return new String(Base64.getDecoder().decode(base64), UTF_8).replace("\n", "\\n");
    } catch (IllegalArgumentException _) {
      return "(not base64)";
    }
  }
}
