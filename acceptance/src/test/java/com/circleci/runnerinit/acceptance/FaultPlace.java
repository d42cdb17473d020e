package com.circleci.runnerinit.acceptance;

import com.circleci.runnerinit.acceptance.harness.Scenario;
import java.util.Arrays;

/** Where the orchestrator makes a system call: the rows of docs/reference/faults.md. */
enum FaultPlace {
  HEAP("mmap", "the heap", CallFinder.text("MAP_NORESERVE", 1)),
  MAIN_THREAD("clone", "the main thread", CallFinder.first()),
  HEALTH_THREAD("clone", "the thread `health`", CallFinder.thread("health")),
  STDERR_THREAD("clone", "the thread `stderr`", CallFinder.thread("stderr")),
  REPORT_THREAD("clone", "the thread `runner-api`", CallFinder.thread("runner-api")),
  ENTRYPOINT("clone", "the custom entrypoint", CallFinder.text("CLONE_VFORK", 1)),
  AGENT("clone", "the task agent", CallFinder.text("CLONE_VFORK", 2)),
  ENTRYPOINT_PROGRAM("execve", "the custom entrypoint", CallFinder.path(Scenario.SERVICE)),
  AGENT_PROGRAM("execve", "the task agent", CallFinder.path(Scenario.TASK_AGENT)),
  GROUP_OF_A_CHILD("setpgid", "a child", CallFinder.first()),
  DESCRIPTORS_OF_A_CHILD("close_range", "a child", CallFinder.first()),
  AGENT_GROUPS("setgroups", "the task agent", CallFinder.first()),
  AGENT_GROUP("setresgid", "the task agent", CallFinder.first()),
  AGENT_USER("setresuid", "the task agent", CallFinder.first()),
  AGENT_INPUT("pipe2", "the agent's standard input", CallFinder.text("", 1)),
  AGENT_ERRORS("pipe2", "the agent's standard error", CallFinder.text("", 2)),
  WAIT("wait4", "any", CallFinder.first()),
  KILL("kill", "any", CallFinder.first()),
  PRCTL("prctl", "any", CallFinder.first()),
  MAILBOX("eventfd2", "the mailbox", CallFinder.text("EFD_CLOEXEC", 3)),
  LOG_NEWS("eventfd2", "the log", CallFinder.text("EFD_CLOEXEC", 1)),
  SIGNALS("signalfd4", "any", CallFinder.first()),
  POLL("ppoll", "any", CallFinder.first()),
  WATCH("inotify_init1", "any", CallFinder.first()),
  WATCH_ADDED("inotify_add_watch", "any", CallFinder.first()),
  READINESS_FILE("faccessat", "the readiness file", CallFinder.path(SystemCallFaultTest.READY)),
  OOM_SCORE("openat", "`/proc/self/oom_score_adj`", CallFinder.path("/proc/self/oom_score_adj")),
  OWN_CGROUP("openat", "`/proc/self/cgroup`", CallFinder.path("/proc/self/cgroup")),
  CGROUP("openat", "`/sys/fs/cgroup`", CallFinder.text("\"/sys/fs/cgroup", 1)),
  PASSWD("openat", "`/etc/passwd`", CallFinder.path("/etc/passwd")),
  GROUP("openat", "`/etc/group`", CallFinder.path("/etc/group")),
  NOTHING("openat", "`/dev/null`", CallFinder.path("/dev/null")),
  TERMINATION_LOG("openat", "`/dev/termination-log`", CallFinder.path("/dev/termination-log")),
  TIME_ZONE("openat", "`/etc/localtime`", CallFinder.path("/etc/localtime")),
  READ("read", "any", CallFinder.first()),
  STANDARD_OUTPUT("write", "standard output", CallFinder.descriptor(1)),
  STANDARD_ERROR("write", "standard error", CallFinder.descriptor(2)),
  TOKEN("write", "the token", CallFinder.text("\"token-", 1)),
  TERMINATION_MESSAGE("write", "`/dev/termination-log`", CallFinder.file("/dev/termination-log")),
  HEALTH_SOCKET("socket", "the health API", CallFinder.lastBefore("bind")),
  SOCKET("socket", "any", CallFinder.first()),
  HEALTH_ADDRESS("bind", "the health API", CallFinder.first()),
  HEALTH_QUEUE("listen", "the health API", CallFinder.first()),
  HEALTH_POLL("ppoll", "the health API", CallFinder.inThread("health")),
  PROBE("accept4", "the health API", CallFinder.first()),
  RUNNER_API("connect", "the runner API", CallFinder.first()),
  FAREWELL("shutdown", "any", CallFinder.first());

  final String systemCall;
  final String where;

  /** It has no state, but consists of functions, which the compiler can't see to be immutable. */
  @SuppressWarnings("ImmutableEnumChecker")
  final CallFinder finder;

  FaultPlace(String systemCall, String where, CallFinder finder) {
    this.systemCall = systemCall;
    this.where = where;
    this.finder = finder;
  }

  /** Whether only a task that fails comes here. */
  boolean isInReporting() {
    return switch (this) {
      case REPORT_THREAD, TERMINATION_LOG, TERMINATION_MESSAGE, RUNNER_API -> true;
      default -> false;
    };
  }

  static FaultPlace of(String systemCall, String where) {
    return Arrays.stream(values())
        .filter(place -> place.systemCall.equals(systemCall) && place.where.equals(where))
        .findFirst()
        .orElseThrow(
            () -> new AssertionError("no such place: %s, %s".formatted(systemCall, where)));
  }
}
