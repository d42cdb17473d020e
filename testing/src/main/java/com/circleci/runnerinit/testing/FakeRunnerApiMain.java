package com.circleci.runnerinit.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * The fake runner API as a program: {@code [--port N] [--port-file FILE] [--fail[=STATUS]]}. It
 * prints a line for each call, never the token, and ends with its standard input or on SIGTERM.
 */
public final class FakeRunnerApiMain {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

  private FakeRunnerApiMain() {}

  public static void main(String[] args) throws IOException {
    System.exit(run(List.of(args), System.in, System.out, System.err));
  }

  static int run(List<String> args, InputStream in, PrintStream out, PrintStream err)
      throws IOException {
    var options = RunnerApiOptions.plain();
    var portFile = "";
    var failure = 0;
    for (var i = 0; i < args.size(); i++) {
      var arg = args.get(i);
      var hasValue = i + 1 < args.size();
      if (arg.equals("--port") && hasValue) {
        options = options.onPort(Integer.parseInt(args.get(++i)));
      } else if (arg.equals("--port-file") && hasValue) {
        portFile = args.get(++i);
      } else if (arg.equals("--fail")) {
        failure = 500;
      } else if (arg.startsWith("--fail=")) {
        failure = Integer.parseInt(arg.substring("--fail=".length()));
      } else {
        err.println("fake-runner-api: error: unknown argument " + arg);
        return 80;
      }
    }
    try (var api = FakeRunnerApi.start(options)) {
      if (failure != 0) {
        for (var route : Route.values()) {
          api.always(route, Answer.status(failure));
        }
      }
      api.whenAnswering((call, answer) -> out.println(describe(call, answer)));
      if (!portFile.isEmpty()) {
        write(Path.of(portFile), Integer.toString(api.port()));
      }
      while (in.read() >= 0) {
        // Whoever started it holds the other end.
      }
    }
    return 0;
  }

  private static String describe(Call call, Answer answer) {
    var status = answer instanceof Answer.Response response ? response.status() : 0;
    var time = TIME.format(LocalTime.now(ZoneId.systemDefault()));
    return "%s runner API: %s %s -> %d".formatted(time, call.method(), call.path(), status)
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

  /** Under its name only when it is whole. */
  private static void write(Path file, String text) throws IOException {
    var part = file.resolveSibling(file.getFileName() + ".part");
    Files.writeString(part, text);
    Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
  }
}
