package com.circleci.runnerinit.cmd;

import com.circleci.runnerinit.clients.runner.Reporter;
import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.SimulatedKernel;
import com.circleci.runnerinit.linux.SimulatedKernel.Simulated;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.task.ExitCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The program over a simulated kernel and a simulated runner API: a run of it, from its arguments
 * to its exit code.
 */
public final class Simulation {
  public static final String TOKEN = "token-0123456789-abcdefghij";
  public static final String AGENT = "/opt/circleci/bin/circleci-agent";
  public static final String SERVICE = "/usr/bin/service";
  public static final String READINESS_FILE = "/status/ready";

  private static final Pattern LINE_HEAD =
      Pattern.compile("(?m)^\\d\\d:\\d\\d:\\d\\d [0-9a-f]{5} [0-9]+\\.[0-9]{3}ms ");

  private final SimulatedKernel kernel = new SimulatedKernel();
  private final Map<String, String> config = new LinkedHashMap<>();
  private final List<String> words = new ArrayList<>();
  private final List<ApiCall> calls = new ArrayList<>();
  private Optional<ApiCall> pendingCall = Optional.empty();
  private Optional<ExitCode> exit = Optional.empty();
  private Consumer<ApiCall> callObserver = _ -> {};
  private long endedAt;

  /** A call to the runner API, which waits for its answer. */
  public final class ApiCall {
    private final String route;
    private final String message;
    private final Duration budget;
    private Optional<Reporter.Outcome> answer = Optional.empty();
    private Optional<RuntimeException> broken = Optional.empty();
    private Optional<Reporter.Outcome.NotTold> refusal = Optional.empty();
    private boolean outlasts;

    ApiCall(String route, String message, Duration budget) {
      this.route = route;
      this.message = message;
      this.budget = budget;
    }

    public String route() {
      return route;
    }

    public String message() {
      return message;
    }

    public Duration budget() {
      return budget;
    }

    public boolean isTold() {
      return answer.isPresent() && answer.get() instanceof Reporter.Outcome.Told;
    }

    @Override
    public String toString() {
      return route + answer;
    }

    public void succeed() {
      kernel.note("API " + route + ": told");
      answer = Optional.of(new Reporter.Outcome.Told());
    }

    /** Has the client fail in a way that it does not foresee. */
    public void breakBy(RuntimeException fault) {
      broken = Optional.of(fault);
    }

    /** Has an attempt of it fail. */
    public void refuseOnce(String reason) {
      kernel.note("API " + route + " at first: " + reason);
      refusal = Optional.of(new Reporter.Outcome.NotTold(reason));
    }

    /** Has the client take longer than it may, as on a processor that it hardly gets. */
    public void outlastItsBudget() {
      outlasts = true;
    }

    public void fail(String reason) {
      kernel.note("API " + route + ": " + reason);
      answer = Optional.of(new Reporter.Outcome.NotTold(reason));
    }
  }

  public Simulation() {
    kernel.executable(AGENT).executable(SERVICE).directory("/proc");
    kernel.file("/proc/self/oom_score_adj", "0\n").file("/dev/termination-log", "");
    set("task_id", "\"task-1\"");
    set("token", "\"" + TOKEN + "\"");
    kernel.secret(TOKEN);
    set("allocation", "\"allocation-1\"");
    set("runner_api_base_url", "\"http://api.test\"");
    set("task_agent_path", "\"" + AGENT + "\"");
  }

  public SimulatedKernel kernel() {
    return kernel;
  }

  /** Sets a field of the configuration to a JSON value. */
  public Simulation set(String field, String json) {
    config.put(field, json);
    return this;
  }

  public Simulation unset(String field) {
    config.remove(field);
    return this;
  }

  public Simulation entrypoint() {
    return set("cmd", "[\"" + SERVICE + "\"]");
  }

  public Simulation readinessFile() {
    return set("readiness_file_path", "\"" + READINESS_FILE + "\"");
  }

  public Simulation flag(String word) {
    words.add(word);
    return this;
  }

  public boolean awaitsFile() {
    return config.containsKey("readiness_file_path");
  }

  /** Has each call to the API observed when it is made. */
  public void onCall(Consumer<ApiCall> observer) {
    callObserver = observer;
  }

  public Optional<Simulated> agent() {
    return kernel.process(process -> process.name().equals("circleci-agent"));
  }

  public Optional<Simulated> service() {
    return kernel.process(process -> process.name().equals("service"));
  }

  public Optional<ApiCall> pendingCall() {
    return pendingCall.filter(call -> call.answer.isEmpty());
  }

  public List<ApiCall> calls() {
    return calls;
  }

  public String log() {
    return LINE_HEAD.matcher(kernel.standardOutput()).replaceAll("");
  }

  public String errors() {
    return kernel.standardError();
  }

  public ExitCode exit() {
    return exit.orElseThrow();
  }

  public long endedAt() {
    return endedAt;
  }

  /** Runs the task. */
  public Simulation runTask() {
    StringBuilder json = new StringBuilder("{");
    config.forEach((field, value) ->
        json.append(json.length() > 1 ? "," : "").append("\"" + field + "\":").append(value));
    kernel.variable("CIRCLECI_GOAT_CONFIG", json.append("}").toString());
    List<String> line = new ArrayList<>(List.of("run-task"));
    line.addAll(words);
    return run(line);
  }

  public Simulation run(List<String> line) {
    kernel.run(() -> {
      Program program =
          new Program(Kernel.of(kernel), "/bin/orchestrator") {
            @Override
            Reporter reporter(Configuration config, String agent, Environment env, EventLog log) {
              return new Api();
            }
          };
      exit = Optional.of(program.run(line));
      endedAt = kernel.nanos();
    });
    return this;
  }

  private final class Api implements Reporter {
    @Override
    public Outcome unclaim(String taskId, Duration budget) {
      return call("unclaim", taskId, budget);
    }

    @Override
    public Outcome fail(String allocation, String message, Duration budget) {
      return call("fail", message, budget);
    }

    @Override
    public Optional<Outcome.NotTold> lastFailure() {
      return pendingCall.flatMap(call -> call.refusal);
    }

    private Outcome call(String route, String message, Duration budget) {
      ApiCall call = new ApiCall(route, message, budget);
      kernel.note("call " + route);
      calls.add(call);
      callObserver.accept(call);
      pendingCall = Optional.of(call);
      long deadline = kernel.nanos() + budget.toNanos();
      kernel.await(() -> call.answer.isPresent() || call.broken.isPresent(), deadline);
      if (call.outlasts) {
        kernel.await(() -> false, deadline + Duration.ofSeconds(1).toNanos());
      }
      pendingCall = pendingCall.filter(other -> other != call);
      call.broken.ifPresent(fault -> {
        throw fault;
      });
      return call.answer.orElseGet(() -> new Outcome.NotTold("deadline exceeded"));
    }
  }

  /** A happening of the world. */
  public record Happening(String name, Runnable effect) {}

  /** A world in which these things happen, in this order, each when the program waits. */
  public Simulation script(Function<Simulation, List<Happening>> steps) {
    List<Happening> left = new ArrayList<>(steps.apply(this));
    kernel.world(_ -> {
      if (left.isEmpty()) {
        if (!kernel.passTime()) {
          throw new AssertionError("hangs after " + kernel.trace());
        }
      } else {
        left.removeFirst().effect().run();
      }
    });
    return this;
  }
}
