package com.circleci.runnerinit.clients.runner.http;

/** Threads that may be left behind: they never keep the process alive. */
final class Threads {
  /** A handshake needs more than the 128 KiB that musl gives a thread. */
  private static final long STACK_BYTES = 1L << 20;

  private Threads() {}

  static void start(String name, Runnable work) {
    Thread.ofPlatform().name(name).daemon(true).stackSize(STACK_BYTES).start(work);
  }
}
