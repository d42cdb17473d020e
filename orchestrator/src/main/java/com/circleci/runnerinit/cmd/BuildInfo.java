package com.circleci.runnerinit.cmd;

/** What this build is. Initialized when the executable is built, from the builder's properties. */
final class BuildInfo {
  static final String VERSION = System.getProperty("runnerinit.version", "dev");

  /** In RFC 3339. */
  static final String DATE = System.getProperty("runnerinit.date", "unknown");

  private BuildInfo() {}
}
