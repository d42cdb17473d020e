package com.circleci.runnerinit.task;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.clients.runner.Reporter;
import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.health.ListenAddress;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.task.resources.Resources;
import java.util.ArrayDeque;
import java.util.Queue;

/** One run of one task, from the health server's first answer to the last report. */
public final class TaskRun {
  private final Kernel kernel;
  private final Environment environment;
  private final EventLog log;
  private final Reporter reporter;
  private final TaskStatus status;

  /**
   * A run in this process.
   *
   * @param version of this program, as the metrics show it
   * @param buildDate when it was built, in RFC 3339
   */
  public TaskRun(
      Kernel kernel,
      Environment environment,
      EventLog log,
      Reporter reporter,
      String version,
      String buildDate) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.environment = requireNonNull(environment, "environment is null");
    this.log = requireNonNull(log, "log is null");
    this.reporter = requireNonNull(reporter, "reporter is null");
    status = new TaskStatus(version, buildDate);
  }

  /**
   * Runs the task to its end. Should this program itself fail, the task ends, and that is reported.
   *
   * @return how it ended, and what nobody was told of
   */
  public Action.End run(Plan plan, ListenAddress healthAddress) {
    Configuration configuration = plan.parsed().configuration();
    Queue<Event> events = new ArrayDeque<>();
    Resources resources = new Resources(kernel);
    TaskProcesses processes =
        new TaskProcesses(kernel, configuration, environment, status, events::add);
    try {
      return run(plan, healthAddress, processes, resources, events);
    } catch (KernelException | RuntimeException | Error e) {
      return new LastResort(kernel, reporter, log).end(configuration, processes, e);
    }
  }

  private Action.End run(
      Plan plan,
      ListenAddress healthAddress,
      TaskProcesses processes,
      Resources resources,
      Queue<Event> events)
      throws KernelException {
    Configuration configuration = plan.parsed().configuration();
    Mailbox mailbox = new Mailbox(kernel);
    // From here on, no core holds the token, and no process of the same user can read our memory.
    kernel.processes().forbidDumps();
    return new EventLoop(
            kernel,
            new Orchestrator(plan),
            processes,
            resources,
            new Reports(reporter, configuration, status, mailbox::post),
            status,
            log,
            healthAddress,
            configuration.readinessFile(),
            mailbox,
            events)
        .run();
  }
}
