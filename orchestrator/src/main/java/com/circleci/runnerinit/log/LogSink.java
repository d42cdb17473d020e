package com.circleci.runnerinit.log;

/** Where finished log lines go. */
@FunctionalInterface
public interface LogSink {
  /**
   * Takes one whole line, its line feed included. Safe to call from any thread, and never waits for
   * a slow reader when a task is being supervised.
   */
  void write(byte[] line);
}
