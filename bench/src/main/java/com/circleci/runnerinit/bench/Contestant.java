package com.circleci.runnerinit.bench;

import static java.util.Objects.requireNonNull;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Something that starts a child as PID 1. All start the same one. */
sealed interface Contestant {
  String name();

  /** The program itself. */
  Path program();

  Start start(List<String> agent);

  /** A command line and the variables that it needs. */
  record Start(List<String> command, Map<String, String> environment) {
    Start with(Map<String, String> variables) {
      var all = new HashMap<>(environment);
      all.putAll(variables);
      return new Start(command, all);
    }
  }

  /** This project's executable, or another build of it. */
  record Orchestrator(String name, Path program, String apiUrl) implements Contestant {
    /** In the benchmark's own network. */
    static final int PORT = 7623;

    public Orchestrator {
      requireNonNull(name, "name is null");
      requireNonNull(program, "program is null");
      requireNonNull(apiUrl, "apiUrl is null");
    }

    @Override
    public Start start(List<String> agent) {
      var config = new JsonObject();
      config.addProperty(
          "task_agent_path", String.join(" ", agent.stream().map(Orchestrator::quoted).toList()));
      config.addProperty("token", "token-of-the-benchmark");
      config.addProperty("allocation", "allocation-1");
      config.addProperty("task_id", "task-1");
      config.addProperty("runner_api_base_url", apiUrl);
      return new Start(
          List.of(program.toString(), "run-task", "--signal-policy=forward"),
          Map.of("CIRCLECI_GOAT_CONFIG", config.toString()));
    }

    private static String quoted(String word) {
      return "'" + word.replace("'", "'\\''") + "'";
    }
  }

  /** An init process that takes its child as arguments. */
  record Init(String name, Path program) implements Contestant {
    public Init {
      requireNonNull(name, "name is null");
      requireNonNull(program, "program is null");
    }

    @Override
    public Start start(List<String> agent) {
      var command = new ArrayList<>(List.of(program.toString(), "--"));
      command.addAll(agent);
      return new Start(command, Map.of());
    }
  }

  /** The child is PID 1 itself: what the kernel alone asks. */
  record BareExec() implements Contestant {
    @Override
    public String name() {
      return "bare exec";
    }

    @Override
    public Path program() {
      return Path.of("/");
    }

    @Override
    public Start start(List<String> agent) {
      return new Start(agent, Map.of());
    }
  }
}
