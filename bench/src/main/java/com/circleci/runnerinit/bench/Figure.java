package com.circleci.runnerinit.bench;

/** What is measured of every contestant that has it. */
enum Figure {
  EXECUTABLE("executable", "MB", 1e-6, "size of the file"),
  VERSION("version", "ms", 1e-6, "--version, start to exit"),
  START("start", "ms", 1e-6, "start of PID 1 to the agent's main"),
  EXIT("exit", "ms", 1e-6, "agent's exit to that of PID 1"),
  CPU("cpu", "ms", 1e-6, "CPU (user and system) of a task that sleeps for 300 ms"),
  RESIDENT("resident", "MB", 1e-6, "resident while the agent runs"),
  ANONYMOUS("anonymous", "MB", 1e-6, "of it anonymous"),
  THREADS("threads", "", 1, "threads"),
  RESIDENT_PROBED("resident-probed", "MB", 1e-6, "resident after 20 probes"),
  ANONYMOUS_PROBED("anonymous-probed", "MB", 1e-6, "of it anonymous"),
  RESIDENT_TLS("resident-tls", "MB", 1e-6, "most ever resident, with a report over TLS"),
  START_LIMITED("start-limited", "ms", 1e-6, "start to the agent's main in 5 % CPU, 64 MiB"),
  THROTTLED_START("throttled-start", "", 1, "periods throttled until then"),
  EXIT_LIMITED("exit-limited", "ms", 1e-6, "agent's exit to that of PID 1 in 5 % CPU, 64 MiB"),
  THROTTLED("throttled", "", 1, "periods throttled in all of the task"),
  REAP_BACKLOG("reap-backlog", "/s", 1, "orphans reaped a second, 10,000 at once"),
  REAP_STORM("reap-storm", "/s", 1, "orphans made and reaped a second"),
  ZOMBIES("zombies", "", 1, "of the last 500 of them not yet reaped, at worst"),
  SIGNAL("signal", "ms", 1e-6, "SIGTERM to PID 1 until the agent's handler"),
  SIGNAL_LOADED("signal-loaded", "ms", 1e-6, "the same while orphans are made"),
  INIT("init", "ms", 1e-6, "copy of 30 + 60 MB on ext4"),
  INIT_CPU("init-cpu", "ms", 1e-6, "its CPU"),
  INIT_LIMITED("init-limited", "ms", 1e-6, "copy of 30 + 60 MB on ext4 in 5 % CPU, 64 MiB"),
  INIT_THROTTLED("init-throttled", "", 1, "periods throttled meanwhile"),
  INIT_XFS("init-xfs", "ms", 1e-6, "copy of 30 + 60 MB on XFS, which shares blocks"),
  INIT_XFS_LIMITED("init-xfs-limited", "ms", 1e-6, "the same in 5 % CPU, 64 MiB"),
  INIT_TMPFS("init-tmpfs", "ms", 1e-6, "copy of 30 + 60 MB on tmpfs"),
  INIT_TMPFS_LIMITED(
      "init-tmpfs-limited", "ms", 1e-6, "copy of 15 + 30 MB on tmpfs in 5 % CPU, 64 MiB"),
  POD_INIT("init-pod", "ms", 1e-6, "podman's start of a Pod to the agent's main, 18 + 60 MB"),
  IDLE("idle", "ms", 1e-6, "CPU of 60 s of waiting, a probe every 10 s");

  private final String id;
  private final String unit;
  private final double scale;
  private final String meaning;

  Figure(String id, String unit, double scale, String meaning) {
    this.id = id;
    this.unit = unit;
    this.scale = scale;
    this.meaning = meaning;
  }

  String id() {
    return id;
  }

  String unit() {
    return unit;
  }

  /** From what was measured to the unit. */
  double scale() {
    return scale;
  }

  String meaning() {
    return meaning;
  }

  /** Whether a greater one is better. */
  boolean isRate() {
    return unit.equals("/s");
  }
}
